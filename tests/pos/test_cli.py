"""The command line's contract, on which scripts rely: what holds for every command."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from pos.cli import COMMANDS, main_group
from tests.pos.shell import Shell


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words."""
    for name in ("till", "simulate", "catalogue", "staff", "journal"):
        command = main_group.get_command(click.Context(main_group), name)
        assert command is not None
        if isinstance(command, click.Group):
            for inner, leaf in command.commands.items():
                yield f"{name} {inner}", leaf
        else:
            yield name, command


@pytest.mark.parametrize(("words", "command"), list(commands()), ids=lambda value: str(value)[:20])
def test_every_command_takes_a_configuration_and_a_folder(
    words: str, command: click.Command
) -> None:
    options = {name for parameter in command.params for name in parameter.opts}
    assert {"--config", "--data"} <= options, words


@pytest.mark.parametrize(("words", "command"), list(commands()), ids=lambda value: str(value)[:20])
def test_every_command_has_its_help(shell: Shell, words: str, command: click.Command) -> None:
    result = shell.run(*words.split(), "--help", data=False)
    assert result.exit_code == 0
    for parameter in command.params:
        assert isinstance(parameter, click.Argument) or parameter.opts[0] in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_can_be_loaded(name: str) -> None:
    assert main_group.get_command(click.Context(main_group), name) is not None


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("till", "--nothing"),
        ("till", "extra"),
        ("staff", "add"),
        ("staff", "add", "ma"),
        ("staff", "add", "ma", "--name", "Marie", "--role", "boss"),
        ("staff", "nothing"),
        ("catalogue", "import"),
        ("journal", "verify", "--nothing"),
        ("simulate", "printer"),
        ("simulate", "printer", "--pty", "--tcp", "127.0.0.1:0"),
        ("simulate", "printer", "--tcp", "nowhere"),
        ("simulate", "printer", "--tcp", "127.0.0.1:70000"),
        ("simulate", "printer", "--tcp", "127.0.0.1:x"),
        ("simulate", "printer", "--pty", "--fault", "nothing"),
        ("simulate", "terminal", "--pty", "--scenario", "nothing"),
        ("simulate", "terminal", "--pty", "--baud", "1"),
        ("simulate", "terminal"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_two_and_makes_no_folder(shell: Shell, arguments: tuple[str, ...]) -> None:
    data = () if arguments in {("nothing",), ("staff", "nothing")} else ("--data", shell.data)
    result = shell.run(*arguments, *data, data=False)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr
    assert not shell.data.exists()


@pytest.mark.parametrize("words", [words for words, _ in commands() if words != "staff add"])
def test_a_wrong_configuration_is_refused_before_anything_is_made(shell: Shell, words: str) -> None:
    wrong = shell.home / "wrong.toml"
    wrong.write_text('[shop]\nnam = "a"\n', encoding="utf-8")
    more = {
        "catalogue import": ("x.csv",),
        "staff pin": ("ma", "--pin-stdin"),
        "staff disable": ("ma",),
        "journal export": ("--jws",),
        "simulate printer": ("--pty",),
        "simulate terminal": ("--pty",),
    }.get(words, ())
    said = shell.refused(*words.split(), *more, "--config", wrong, typed="1234\n")
    assert f"{wrong}:2" in said
    assert "'nam'" in said
    assert not shell.data.exists()


def test_a_configuration_that_is_not_there_is_refused(shell: Shell) -> None:
    assert "none.toml" in shell.refused("staff", "list", "--config", shell.home / "none.toml")


def test_the_folders_own_configuration_is_found(shell: Shell) -> None:
    shell.hire()
    (shell.data / "config.toml").write_text("x = 1", encoding="utf-8")
    assert "unknown setting 'x'" in shell.refused("staff", "list")


def test_without_data_the_folder_is_where_such_folders_are(shell: Shell) -> None:
    arguments = ("staff", "add", "ma", "--name", "Marie", "--pin-stdin")
    assert shell.run(*arguments, typed="1234\n", data=False).exit_code == 0
    assert (shell.home / "share" / "comptoir" / "till.db").is_file()


def test_a_folder_that_cannot_be_made_is_refused(shell: Shell) -> None:
    shell.data.write_text("a file", encoding="utf-8")
    shell.refused("staff", "add", "ma", "--name", "Marie", "--pin-stdin", typed="1234\n")


@pytest.mark.parametrize(("code", "said"), [("fr", "Personne n'a"), ("en", "Nobody has")])
def test_refusals_are_told_in_the_language_of_the_person(
    shell: Shell, code: str, said: str
) -> None:
    shell.hire()
    shell.environment["COMPTOIR_LANGUAGE"] = code
    assert said in shell.refused("staff", "disable", "zz")


def test_the_screen_without_a_terminal_is_refused_and_names_the_other_front(shell: Shell) -> None:
    assert "--plain" in shell.refused("till")
    assert not shell.data.exists()
