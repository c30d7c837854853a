"""The command that completes the others in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that completes commands and names of snippets in SHELL.

    \b
    bash: eval "$(database-patterns completion bash)"
    zsh:  eval "$(database-patterns completion zsh)"
    fish: database-patterns completion fish | source
    """
    script = get_completion_class(shell)
    root = context.find_root()
    if script is not None:
        program = script(root.command, {}, "database-patterns", "_DATABASE_PATTERNS_COMPLETE")
        click.echo(program.source())
