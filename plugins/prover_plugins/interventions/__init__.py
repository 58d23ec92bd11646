"""What a person says about a problem becomes candidates: hints, and steps taken from an earlier run."""
