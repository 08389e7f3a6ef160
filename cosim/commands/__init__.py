"""One module per subcommand of `cheriot`; each is a thin call into the room that does the work."""
