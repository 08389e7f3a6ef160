"""What a run leaves behind: commit log, waves, and what a wave viewer needs to show them."""
