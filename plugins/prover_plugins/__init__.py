"""The built-in plugins, one package each; every one is an example of how to write your own."""
