-- expect: rejected reads_file
def secret : String := include_str "/etc/hostname"
theorem t : secret = secret := rfl
