"""What is sealed opens for its row alone, under a key of the file; what is wrong with the key is told without showing it."""

import base64
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from collector.sealing import Seal, SealError
from collector.secret_files import SecretError, read_secret


def key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def test_what_is_sealed_opens_for_its_row_alone_and_never_looks_the_same() -> None:
    one = key()
    seal = Seal(lambda: one)
    sealed = [seal.close("JBSWY3DPEHPK3PXP", "totp:1") for _ in range(2)]
    assert sealed[0] != sealed[1]
    assert "JBSWY3DPEHPK3PXP" not in str([base64.b64decode(text) for text in sealed])
    assert seal.open(sealed[0], "totp:1") == "JBSWY3DPEHPK3PXP"
    for wrong, whose in ((sealed[0], "totp:2"), (sealed[0][:-8] + "AAAAAAA=", "totp:1"), ("AAAA", "totp:1"), ("é", "totp:1")):
        with pytest.raises(SealError):
            seal.open(wrong, whose)


def test_a_new_key_is_put_before_the_old_one() -> None:
    old, new = key(), key()
    sealed = Seal(lambda: old).close("secret", "x")
    both = Seal(lambda: f"{new}\n{old}\n")
    assert both.open(sealed, "x") == "secret"
    assert Seal(lambda: new).open(both.close("secret", "x"), "x") == "secret"
    with pytest.raises(SealError, match="taken out too early"):
        Seal(lambda: new).open(sealed, "x")


@pytest.mark.parametrize("text", ["", "c2hvcnQ=", "not base64 at all!", "é" * 44])
def test_a_key_that_is_none_is_told_without_showing_it(text: str) -> None:
    with pytest.raises(SealError, match="32 random bytes") as caught:
        Seal(lambda: text).check()
    assert not text or text not in str(caught.value)


def test_a_key_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SealError, match=r"key_file.*nothing-here"):
        Seal(lambda: read_secret(tmp_path / "nothing-here")).check()


def _file(folder: Path, _: pytest.MonkeyPatch) -> Path:
    (folder / "secret").write_text(" s3cret\n")
    return folder / "secret"


def _reference(folder: Path, _: pytest.MonkeyPatch) -> Path:
    (folder / "secret").write_text("s3cret\n")
    return Path(f"file:{folder}/secret")


def _variable(_: Path, patch: pytest.MonkeyPatch) -> Path:
    patch.setenv("TALAIA_TEST_SECRET", "s3cret")
    return Path("env:TALAIA_TEST_SECRET")


def _credential(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    (folder / "elasticsearch").write_text("s3cret\n")
    patch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return Path("credential:elasticsearch")


@pytest.mark.parametrize("made", [_file, _reference, _variable, _credential])
def test_a_secret_is_read_from_wherever_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Callable[[Path, pytest.MonkeyPatch], Path]
) -> None:
    assert read_secret(made(tmp_path, monkeypatch)) == "s3cret"


@pytest.mark.parametrize("place", ["env:TALAIA_NOT_SET", "credential:none", "file:/nowhere/at/all", "env:not a name", "/nowhere"])
def test_a_place_without_a_secret_is_named(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(SecretError):
        read_secret(Path(place))


@pytest.mark.parametrize(("mode", "closed"), [(0o600, True), (0o640, True), (0o644, False), (0o602, False)])
def test_a_file_that_everybody_can_read_or_change_is_refused(mode: int, closed: bool) -> None:
    """M8. The folder decides too: pytest's own are closed to others, so that this is tried in one that is not."""
    with TemporaryDirectory(prefix="talaia-secret-") as name:
        folder, secret = Path(name), Path(name) / "secret"
        secret.write_text("s3cret\n")
        secret.chmod(mode)
        assert read_secret(secret) == "s3cret"
        folder.chmod(0o755)
        for place in (secret, Path(f"file:{secret}")):
            if closed:
                assert read_secret(place) == "s3cret"
                continue
            with pytest.raises(SecretError, match="everybody on this machine") as refused:
                read_secret(place)
            assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe"])
def test_a_file_that_holds_none_is_named_and_not_shown(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(SecretError, match="secret"):
        read_secret(tmp_path / "secret")
