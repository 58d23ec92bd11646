-- expect: rejected runs_code
macro "innocent" : command => `(command| #eval IO.FS.writeFile "/tmp/neural-prover-attack" "was here")
innocent
theorem t : 1 = 1 := rfl
