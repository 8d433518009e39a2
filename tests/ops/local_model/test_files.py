"""A model's file is understood, or one clear sentence says why not and what to do."""

import os
import struct
from contextlib import suppress

import pytest

from langai_site.processes.local_model import choice, gguf, needs
from langai_site.processes.local_model.choice import UnusableModelError
from langai_site.processes.local_model.needs import Room
from tests.gguf import TRAINED_FOR, file_of, tiny_model

ROOM = Room(8192, 2)
GIGABYTE = 10**9


def chosen(setting, folder):
    return choice.chosen(str(setting), folder, ROOM)


def refused(setting, folder) -> str:
    with pytest.raises(UnusableModelError) as caught:
        chosen(setting, folder)
    return str(caught.value)


def test_the_file_that_the_setting_names_is_described(tmp_path):
    path = tiny_model(tmp_path / "Qwen3 4B (Q4).gguf")
    model = chosen(path, tmp_path / "models")
    assert (model.path, model.name, model.bytes) == (path, "Qwen3-4B-Q4", path.stat().st_size)
    assert model.description.architecture == "llama"
    # No more than the model was trained for.
    assert model.room == Room(TRAINED_FOR, 2)
    assert model.size == "1M"
    assert model.description.least_bytes == path.stat().st_size


def test_a_name_alone_is_one_in_the_folder_of_models(tmp_path):
    path = tiny_model(tmp_path / "a.gguf")
    tiny_model(tmp_path / "b.gguf")
    assert chosen("a.gguf", tmp_path).path == path


def test_the_only_file_in_the_folder_runs_unasked(tmp_path):
    path = tiny_model(tmp_path / "a.GGUF")
    (tmp_path / "mmproj-a.gguf").touch()
    (tmp_path / "notes.txt").touch()
    assert chosen("", tmp_path).path == path


def test_without_a_file_there_is_nothing_to_run(tmp_path):
    assert chosen("", tmp_path) is chosen("", tmp_path / "missing") is None


def test_none_switches_it_off_though_a_file_is_there(tmp_path):
    tiny_model(tmp_path / "a.gguf")
    assert chosen("none", tmp_path) is None


def test_of_two_files_the_operator_chooses(tmp_path):
    for name in ("b.gguf", "a.gguf"):
        tiny_model(tmp_path / name)
    said = refused("", tmp_path)
    assert said == (
        f"{tmp_path} holds 2 models (a.gguf, b.gguf). Set LOCAL_MODEL to the one that is to run, "
        "such as LOCAL_MODEL=a.gguf."
    )


def test_a_model_in_several_parts_is_one_model(tmp_path):
    parts = [tiny_model(tmp_path / f"big-0000{number}-of-00002.gguf") for number in (1, 2)]
    model = chosen("", tmp_path)
    assert (model.path, model.name, model.bytes) == (parts[0], "big", 2 * parts[0].stat().st_size)
    assert "is not the first part" in refused(parts[1], tmp_path)
    parts[1].unlink()
    assert refused("", tmp_path) == f"{parts[1]} is missing: the model has 2 parts. Put all of them there."


def test_a_file_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "missing.gguf"
    assert refused(path, tmp_path) == f"{path} is not there. Correct LOCAL_MODEL, or remove it."


def test_a_folder_is_not_a_model(tmp_path):
    os.mkfifo(tmp_path / "pipe.gguf")
    for path in (tmp_path, tmp_path / "pipe.gguf"):
        assert refused(path, tmp_path) == f"{path} is not a file. Set LOCAL_MODEL to a .gguf file."


def test_a_file_that_cannot_be_read_is_told_with_the_reason(tmp_path):
    path = tmp_path / "a.gguf"
    path.symlink_to(path)
    said = f"{path} cannot be read (Too many levels of symbolic links). Let LangAI's account read it."
    assert refused(path, tmp_path) == said
    assert "cannot be read (File name too long)" in refused("a" * 300, tmp_path)
    assert "cannot be read (Too many levels of symbolic links)" in refused("", path)


def test_the_home_of_an_account_that_is_not_there_has_no_file(tmp_path):
    assert "is not there. Correct LOCAL_MODEL" in refused("~nobody-of-that-name/a.gguf", tmp_path)


@pytest.mark.parametrize("data", [b"PK\x03\x04 a model of another format", b"GG"])
def test_another_format_is_told(tmp_path, data):
    path = tmp_path / "a.gguf"
    path.write_bytes(data)
    assert refused(path, tmp_path) == f"{path} is not a GGUF file. Download the model in that format."


def test_an_empty_file_is_told(tmp_path):
    path = tmp_path / "a.gguf"
    path.touch()
    assert refused(path, tmp_path) == f"{path} is empty. Download it again."


def test_a_download_that_was_cut_is_told(tmp_path):
    path = tiny_model(tmp_path / "a.gguf")
    whole = path.read_bytes()
    path.write_bytes(whole[:1_000_000])
    assert refused(path, tmp_path) == f"{path} is not complete: it has 1.0 MB of 2.6 MB. Download it again."


def test_wherever_the_description_is_cut_it_is_damaged():
    whole = file_of({"general.architecture": "llama", "llama.context_length": 9, "some.list": ["a", "b"], "f": 0.5})
    description = whole.rstrip(b"\0")
    for length in range(4, len(description) - 4):
        with pytest.raises(gguf.DamagedError):
            gguf.read(whole[:length])
    assert gguf.read(whole).facts == {"general.architecture": "llama", "llama.context_length": 9, "f": 0.5}


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<4sIQQ", b"GGUF", 1, 0, 0),
        struct.pack(">4sIQQ", b"GGUF", 3, 0, 0),
        struct.pack("<4sIQQ", b"GGUF", 3, 2**63, 0),
        struct.pack("<4sIQQ", b"GGUF", 3, 0, 2**63),
        struct.pack("<4sIQQ", b"GGUF", 3, 0, 1) + struct.pack("<Q", 2**64 - 1),
        struct.pack("<4sIQQ", b"GGUF", 3, 0, 1) + struct.pack("<Q1sIIQ", 1, b"a", 9, 4, 2**64 - 1),
        struct.pack("<4sIQQ", b"GGUF", 3, 0, 1) + struct.pack("<Q1sIIQ", 1, b"a", 9, 9, 2**40),
        struct.pack("<4sIQQ", b"GGUF", 3, 1, 0) + struct.pack("<Q1sI", 1, b"a", 2**32 - 1),
        struct.pack("<4sIQQ", b"GGUF", 3, 0, 1) + struct.pack("<Q1sI", 1, b"\xff", 4) + bytes(8),
    ],
)
def test_a_crafted_description_is_damaged_or_incomplete_at_once(data):
    with suppress(gguf.DamagedError):
        assert gguf.read(data).least_bytes > len(data)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"general.architecture": "clip"}, "belongs to a model and is none itself"),
        ({"general.architecture": "llama", "general.type": "adapter"}, "belongs to a model and is none itself"),
        ({"general.architecture": "nomic-bert"}, "is an embedder (nomic-bert), which cannot chat"),
    ],
)
def test_what_cannot_chat_is_told(tmp_path, facts, said):
    path = tmp_path / "a.gguf"
    path.write_bytes(file_of(facts))
    assert said in refused(path, tmp_path)


def test_without_the_extra_the_command_that_installs_it_is_told(tmp_path):
    path = tiny_model(tmp_path / "a.gguf")
    with pytest.raises(UnusableModelError) as caught:
        choice.require_package(chosen(path, tmp_path), "no_such_package")
    assert str(caught.value) == (
        f"{path} needs llama.cpp, which is not installed. Start LangAI once with “make run EXTRAS=local”."
    )


def qwen(tmp_path, **more):
    """A model of the shape of Qwen3 4B, whose weights take 2.5 GB."""
    facts = {
        "general.architecture": "qwen3",
        "qwen3.context_length": 40960,
        "qwen3.embedding_length": 2560,
        "qwen3.block_count": 36,
        "qwen3.attention.head_count": 32,
        "qwen3.attention.head_count_kv": 8,
        "qwen3.attention.key_length": 128,
        "qwen3.attention.value_length": 128,
        "qwen3.vocab_size": 151936,
    }
    return gguf.read(file_of(facts | more))


def test_memory_is_weights_context_and_what_is_computed_with(tmp_path):
    model = qwen(tmp_path)
    # 36 layers of 8 heads keep 128 numbers twice, of 2 bytes each.
    a_token = 36 * 8 * 256 * 2
    one, two = (needs.memory(model, 2_500_000_000, Room(8192, parallel)) for parallel in (1, 2))
    assert two - one == 8192 * a_token
    assert 4.5 * GIGABYTE < one < 5.5 * GIGABYTE


def test_layers_that_look_at_a_part_of_the_context_keep_less(tmp_path):
    whole = needs.memory(qwen(tmp_path), 0, Room(32_768, 1))
    sliding = needs.memory(qwen(tmp_path, **{"qwen3.attention.sliding_window": 1024}), 0, Room(32_768, 1))
    linear = needs.memory(qwen(tmp_path, **{"qwen3.full_attention_interval": 4}), 0, Room(32_768, 1))
    assert linear < sliding < whole


def test_heads_may_differ_from_layer_to_layer(tmp_path):
    model = qwen(tmp_path, **{"qwen3.attention.head_count_kv": [8, 0] * 18})
    assert needs.memory(model, 0, Room(8192, 1)) < needs.memory(qwen(tmp_path), 0, Room(8192, 1))


def test_too_little_memory_is_told_with_what_would_fit(tmp_path):
    path = tiny_model(tmp_path / "a.gguf")
    model = chosen(path, tmp_path)
    choice.require_memory(model, None)
    choice.require_memory(model, needs.memory(model.description, model.bytes, model.room))
    with pytest.raises(UnusableModelError) as caught:
        choice.require_memory(model, needs.memory(model.description, model.bytes, Room(TRAINED_FOR, 1)))
    assert "Set LOCAL_MODEL_PARALLEL=1, or choose a smaller model." in str(caught.value)
    with pytest.raises(UnusableModelError) as caught:
        choice.require_memory(model, needs.memory(model.description, model.bytes, Room(2048, 1)))
    assert "Set LOCAL_MODEL_PARALLEL=1 and LOCAL_MODEL_CONTEXT=2048, or choose a smaller model." in str(caught.value)
    with pytest.raises(UnusableModelError) as caught:
        choice.require_memory(model, 100_000_000)
    assert str(caught.value) == (
        f"{path} needs about 0.8 GB of memory for 2 answers at once of 4096 tokens, and 0.1 GB are free here. "
        "Choose a smaller model, or give this machine more memory."
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -5, 2**63, 1e300])
def test_numbers_that_no_model_has_are_as_if_they_were_not_there(number):
    found = gguf.Description({"general.architecture": "llama", "llama.context_length": number}, {}, 1, 1)
    assert found.number("context_length") == 0
    assert needs.memory(found, 1, Room(2048, 1)) > 0


def test_many_layers_take_no_memory_to_add_up():
    facts = {"general.architecture": "llama", "llama.block_count": 2**31, "llama.attention.head_count": 2**20}
    facts["llama.attention.key_length"] = 128
    assert needs.memory(gguf.Description(facts, {}, 1, 1), 1, Room(2048, 1)) > 2**40


def test_a_part_of_no_parts_is_told(tmp_path):
    path = tmp_path / "a-00001-of-00000.gguf"
    path.write_bytes(b"GGUF")
    with pytest.raises(UnusableModelError, match="cannot be one of 0 parts"):
        choice.chosen(str(path), tmp_path, Room(2048, 1))
