-- expect: rejected runs_code
#eval IO.FS.writeFile "/tmp/neural-prover-attack" "was here"
theorem t : 1 = 1 := rfl
