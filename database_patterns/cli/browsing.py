"""Commands to find a snippet and to read it."""

from __future__ import annotations

import click

from database_patterns.cli.options import as_json, one_name, registry
from database_patterns.cli.output import console, print_code, print_json, print_rows, say
from database_patterns.names import known_name
from database_patterns.published import described, entry
from database_patterns.refusal import Refused
from database_patterns.registry import Snippet

_HEADINGS = ("Snippet", "What it is")


@click.command("list")
@click.argument("topic", required=False)
@as_json
def list_snippets(topic: str | None, as_json: bool) -> None:
    """List the snippets, of one TOPIC or all."""
    found = list(registry().snippets.values())
    topics = sorted({snippet.topic for snippet in found})
    if topic is not None:
        if topic not in topics:
            raise Refused(f"There is no topic {topic!r}: name one of {', '.join(topics)}.")
        found = [snippet for snippet in found if snippet.topic == topic]
    _print(found, as_json=as_json)


@click.command()
@click.argument("words", nargs=-1, required=True)
@as_json
def search(words: tuple[str, ...], as_json: bool) -> None:
    """List the snippets that mention all of WORDS; those with one in the name come first."""
    wanted = [word.casefold() for word in " ".join(words).split()]
    if not wanted:
        raise Refused("Name a word to search for.")
    found = [
        snippet
        for snippet in registry().snippets.values()
        if all(word in _prose(snippet) for word in wanted)
    ]
    if not found and not as_json:
        raise Refused(
            f"No snippet mentions {' and '.join(wanted)}: `database-patterns list` shows all."
        )
    found.sort(key=lambda snippet: not any(word in snippet.name for word in wanted))
    _print(found, as_json=as_json)


@click.command()
@one_name
@click.option("--code", is_flag=True, help="Print the file alone.")
@as_json
def show(name: str, code: bool, as_json: bool) -> None:
    """Show what a snippet buys, needs and leaves out, what comes with it, and its code."""
    snippets = registry()
    snippet = snippets.snippets[known_name(name, snippets.snippets)]
    text = snippets.sources.text(snippet.path)
    about = described(snippet, snippets)
    if as_json:
        print_json({**about, "text": text})
        return
    if not code:
        say(snippet.name, style="bold")
        for label, content in (
            ("", snippet.summary),
            ("Buys", snippet.buys),
            *(("Costs", f"{cost.name}: {cost.says}") for cost in snippet.costs),
            ("Needs", snippet.needs),
            ("Limits", snippet.limits),
            ("Copied with it", ", ".join(about["snippets"])),
            ("Requires", ", ".join(about["requirements"])),
            ("Tests", snippet.test or "none: it is part of the example domain"),
            ("To copy it", about["command"]),
        ):
            if content:
                say(f"{label}: {content}" if label else content)
        console().print()
    print_code(text, "python")


def _print(found: list[Snippet], *, as_json: bool) -> None:
    if as_json:
        print_json([entry(snippet) for snippet in found])
    else:
        print_rows([(each.name, each.summary) for each in found], headings=_HEADINGS)


def _prose(snippet: Snippet) -> str:
    parts = (snippet.name, snippet.summary, snippet.buys, snippet.needs, snippet.limits)
    return " ".join(parts).casefold()
