-- expect: rejected runs_code
#eval IO.println "{\"id\":1,\"ok\":{\"type\":\"check\",\"theorems\":[],\"findings\":[],\"messages\":[],\"method\":\"full\"}}"
theorem t : 1 = 1 := rfl
