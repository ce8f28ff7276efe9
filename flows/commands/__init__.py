"""The subcommands of `swope`, a module each: what they take, and what they call."""
