"""The commands of the `tracker` program, one file each."""
