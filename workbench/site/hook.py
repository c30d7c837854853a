"""What MkDocs does besides its settings: the events of one build."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page

from workbench.claims import BrokenClaims, Claim, all_claims
from workbench.execution.exercise import BrokenExercise, exercise_beside
from workbench.execution.lessons import NOTEBOOKS, Lesson, lesson_at
from workbench.execution.notebook import BrokenNotebook, needs_server, needs_stacks, read_notebook
from workbench.execution.stamp import Stamps
from workbench.site import (
    catalogue,
    home,
    live_page,
    machine_readable,
    metadata,
    not_found,
    page_html,
    policy,
    redirects,
    scratchpad,
)
from workbench.site.lesson_markdown import (
    SnippetLinks,
    UnreadableOutput,
    lesson_markdown,
)
from workbench.site.registry import add_registry
from workbench.site.rendering import remember_rendering
from workbench.site.rules_page import MARKS, topic_markdown, topic_page, with_claims
from workbench.site.search_words import LESS, BrokenSearchWords, search_words
from workbench.site.stamp_line import STAMP, stamp_html
from workbench.site.theme_files import ThemeChanged, mend_theme
from workbench.site.wrong_and_right import (
    BrokenComparison,
    comparison_beside,
    comparison_markdown,
)

REPOSITORY = Path(__file__).resolve().parents[2]

_topics: list[Section] = []
_claims: dict[str, list[Claim]] = {}
_shown: dict[str, list[tuple[Lesson, str]]] = {}
_stamps: list[Stamps] = []
_contents: list[machine_readable.Contents] = []


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Publish every snippet under its own path, and the claims as a page for each topic."""
    for file in [file for file in files if _holds_claims(file)]:
        files.remove(file)
    if files.get_file_from_path(topic_page("index")):
        for topic in sorted({path.parent.name for path in NOTEBOOKS.glob("*/*.ipynb")}):
            files.append(File.generated(config, topic_page(topic), content=f"# {topic}\n"))
    for path in sorted((REPOSITORY / "snippets").rglob("*.py")):
        if path.name != "__init__.py":
            uri = path.relative_to(REPOSITORY).as_posix()
            files.append(File.generated(config, uri, abs_src_path=str(path)))
    add_registry(files, config)
    catalogue.add_pages(files, config)
    return files


def on_nav(nav: Navigation, *, config: MkDocsConfig, files: Files) -> None:
    """Keep the topics and their claims, in the order of the navigation."""
    _topics[:] = [item for item in nav.items if isinstance(item, Section) and _lessons_of(item)]
    _stamps[:] = [Stamps()]
    _contents[:] = [machine_readable.Contents(nav, files, config)]
    try:
        _claims.clear()
        every: list[Lesson] = []
        for topic in _topics:
            lessons = [lesson_at(_source(page)) for page in _lessons_of(topic)]
            _claims[topic.title] = all_claims(lessons)
            every += lessons
        if files.get_file_from_path(catalogue.INDEX):
            _shown.update(catalogue.lessons_by_snippet(every))
    except BrokenClaims as error:
        raise PluginError(str(error)) from error


def on_pre_page(page: Page, *, config: MkDocsConfig, files: Files) -> Page:
    """Let a lesson be turned into Markdown by us instead of by nbconvert's templates."""
    if is_lesson(page):
        # Both names belong to mkdocs-jupyter. It asks the first for a notebook's Markdown:
        # answering skips nbconvert, which adds a visible style sheet and escapes code twice.
        # The second makes it parse each finished page again to find links in outputs; ours
        # are in the Markdown, where MkDocs resolves and checks them.
        vars(page)["_mkdocs_jupyter_content"] = lambda: {"content": _markdown(page, config, files)}
        vars(page.file)["_mkdocs_jupyter_mount"] = None
    return page


@event_priority(-100)
def on_page_markdown(
    markdown: str, *, page: Page, config: MkDocsConfig, files: Files
) -> str | None:
    """Fill in the list of lessons, or the claims, where a page asks for them."""
    remember_rendering(page)
    if page.file.src_uri == catalogue.INDEX:
        return catalogue.with_catalogue(markdown)
    if snippet := catalogue.snippet_of(page):
        return catalogue.snippet_markdown(snippet, repository=_repository(config), shown=_shown)
    if page.file.src_uri == scratchpad.PAGE:
        return scratchpad.with_cells(markdown)
    if home.is_home(markdown):
        return _home(markdown, config)
    if any(mark in markdown for mark in MARKS.values()):
        return with_claims(markdown, _claims)
    for title, claims in _claims.items():
        if page.file.src_uri == topic_page(title):
            return topic_markdown(title, claims)
    return None


def on_page_content(html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Give every page a description, and a lesson its download link and its hanging lines."""
    page.meta.setdefault("description", page_html.summary(html) or config.site_description)
    page.meta.update(_for_search(page))
    if is_lesson(page):
        html = page_html.with_hanging_lines(page_html.without_idle_spans(html))
        html = page_html.with_download(
            html,
            notebook=_source(page).name,
            scratchpad=_scratchpad(page, files),
            runs=_is_live(page, config),
            stacks=needs_stacks(read_notebook(_source(page))),
            executed=_executed(page, config),
        )
        html = _with_need(html, page, files)
    elif snippet := catalogue.snippet_of(page):
        page.meta["description"] = catalogue.description(snippet)
        html = page_html.without_idle_spans(html)
    elif _is_live(page, config):
        html = page_html.with_note(html)
    _contents[0].add(page)
    return machine_readable.with_copy(page_html.with_whole_options(html))


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:
    """Make no request to anybody else, send no white space that nobody sees, and offer Run.

    The policy comes last, when all scripts of the page are there.
    """
    output = page_html.without_indentation(page_html.without_repository_statistics(output))
    output = page_html.with_valid_markup(output)
    output = metadata.with_metadata(page_html.without_idle_markup(output), page, config)
    for script in _scripts(page, output):
        output = metadata.with_script(output, script, url=page.url)
    live = live_page.live_files(config)
    if live and live.script:
        if _runs(page):
            live_page.write_cells(page, str(page.title))
        if _runs(page) or live_page.has_plan(output):
            output = live_page.with_script(output, script=live.script, url=page.url)
    return policy.with_policy(output)


def on_post_template(output: str, *, template_name: str, config: MkDocsConfig) -> str:
    """Let the page for an address that does not exist help."""
    if template_name != not_found.TEMPLATE:
        return output
    output = page_html.without_indentation(page_html.without_repository_statistics(output))
    output = page_html.with_valid_markup(output)
    output = not_found.not_found(
        page_html.without_idle_markup(output), contents=_contents[0], config=config
    )
    return policy.with_policy(output)


def on_post_build(*, config: MkDocsConfig) -> None:
    """Add what programs read, the old addresses of pages, and what the pages run on."""
    _contents[0].write_lists()
    try:
        mend_theme(Path(config.site_dir))
        redirects.write_redirects(
            redirects.moved(Path(config.docs_dir)), _contents[0].files, config
        )
    except (redirects.BrokenRedirect, ThemeChanged) as error:
        raise PluginError(str(error)) from error
    if live := live_page.live_files(config):
        live_page.publish(live, Path(config.site_dir))


def is_lesson(page: Page) -> bool:
    """Tell whether ``page`` comes from a notebook."""
    return page.file.src_uri.endswith(".ipynb")


def _for_search(page: Page) -> dict[str, Any]:
    """Return what the theme's search reads: a lesson comes before the pages that lead to it."""
    if not is_lesson(page):
        return {"search": {"boost": LESS, **page.meta.get("search", {})}}
    try:
        return {"tags": search_words(_source(page))}
    except BrokenSearchWords as error:
        raise PluginError(str(error)) from error


def _scripts(page: Page, output: str) -> list[str]:
    """Return the scripts of ours that ``page``, which is ``output``, loads besides that of Run."""
    filters = [catalogue.SCRIPT] if page.file.src_uri == catalogue.INDEX else []
    tables = [page_html.TABLES_SCRIPT] if "<table" in output else []
    copying = [page_html.COPY_SCRIPT] if "<pre" in output else []
    return [machine_readable.SCRIPT, page_html.HEADER_SCRIPT, *filters, *tables, *copying]


def _runs(page: Page) -> bool:
    if is_lesson(page):
        return needs_server(read_notebook(_source(page))) is None
    return page.file.src_uri == scratchpad.PAGE


def _is_live(page: Page, config: MkDocsConfig) -> bool:
    live = live_page.live_files(config)
    return bool(live and live.script) and _runs(page)


def _executed(page: Page, config: MkDocsConfig) -> str:
    """Return the line that says on what CI executed the lesson of ``page``, if it did.

    The page keeps the stamp for its other forms.
    """
    lesson = lesson_at(_source(page))
    stamp = _stamps[0].of(lesson) if lesson.path == _source(page) else None
    if stamp is None:
        return ""
    page.meta[STAMP] = stamp
    return stamp_html(stamp, repository=config.repo_url or "")


def _scratchpad(page: Page, files: Files) -> str | None:
    found = files.get_file_from_path(scratchpad.PAGE)
    return found.url_relative_to(page.file) if found else None


def _with_need(html: str, page: Page, files: Files) -> str:
    reason = needs_server(read_notebook(_source(page)))
    if reason is None:
        return html
    instructions = files.get_file_from_path("getting_started.md")
    link = instructions.url_relative_to(page.file) if instructions else None
    return live_page.with_need(html, reason=reason, instructions=link)


def _source(page: Page) -> Path:
    return Path(str(page.file.abs_src_path))


def _repository(config: MkDocsConfig) -> str:
    """Return the address below which the files of the repository are read."""
    branch = re.search(r"(?:^|/)edit/([^/]+)/", config.edit_uri or "")
    return f"{(config.repo_url or '').rstrip('/')}/blob/{branch[1] if branch else 'main'}"


def _markdown(page: Page, config: MkDocsConfig, files: Files) -> str:
    up = "../" * page.file.src_uri.count("/")
    links = SnippetLinks(
        repository=_repository(config),
        download=f"{up}.",
        tests=catalogue.tests_by_path(up) if files.get_file_from_path(catalogue.INDEX) else {},
    )
    try:
        exercise = exercise_beside(_source(page))
        hints = exercise.hints if exercise else ()
        lesson, pair = read_notebook(_source(page)), comparison_beside(_source(page))
        compared = comparison_markdown(lesson, pair) if pair else ""
        return lesson_markdown(lesson, links=links, hints=hints, comparison=compared)
    except (
        BrokenComparison,
        BrokenExercise,
        BrokenNotebook,
        UnreadableOutput,
        KeyError,
    ) as error:
        raise PluginError(f"{page.file.src_uri}: {error}") from error


def _holds_claims(file: File) -> bool:
    return file.src_uri.endswith(".toml")


def _lessons_of(topic: Section) -> list[Page]:
    return [page for page in topic.children if isinstance(page, Page) and is_lesson(page)]


def _home(markdown: str, config: MkDocsConfig) -> str:
    lessons = {topic.title: [_source(page) for page in _lessons_of(topic)] for topic in _topics}
    try:
        return home.with_parts(
            markdown,
            lessons=lessons,
            claims=_claims,
            numbers=home.numbers(lessons),
            results=Path(config.docs_dir) / home.RESULTS,
        )
    except (home.NotInTheLesson, BrokenComparison) as error:
        raise PluginError(str(error)) from error
