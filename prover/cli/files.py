"""`prove File.lean`: fills the sorries of a file. (Under construction.)"""
