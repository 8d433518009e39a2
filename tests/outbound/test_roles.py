import pytest

from langai_site.outbound import roles
from langai_site.outbound.types import ModelRole

SIMPLE, BALANCED, STRONG, LONG = ModelRole


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("llama3.2:3b", SIMPLE),
        ("qwen3:0.6b", SIMPLE),
        ("gemma3:270m", SIMPLE),
        ("gemma3n:e4b", SIMPLE),
        ("Qwen/Qwen3-8B", BALANCED),
        ("mistral-small:24b-instruct", BALANCED),
        ("mixtral:8x7b", STRONG),
        ("meta-llama/Llama-3.3-70B-Instruct", STRONG),
        ("qwen3:30b-a3b", STRONG),
        ("phi4", BALANCED),
        ("gpt-4b5-turbo", BALANCED),
    ],
)
def test_a_models_size_in_its_name_tells_what_it_is_good_for(name, role):
    assert roles.roles_of(name, 8192) == {role}


def test_what_the_server_says_of_the_size_goes_before_the_name():
    assert roles.roles_of("llama3.2:latest", 0, "3.2B") == {SIMPLE}
    assert roles.roles_of("tiny-1b-tuned", 0, "70.6B") == {STRONG}


def test_a_large_window_makes_it_good_for_long_context_as_well():
    assert roles.roles_of("llama3.2:3b", 131_072) == {SIMPLE, LONG}
    assert roles.roles_of("llama3.2:3b", 99_999) == {SIMPLE}


def test_roles_survive_being_stored():
    assert roles.read(roles.stored({STRONG, LONG})) == {STRONG, LONG}
    assert roles.stored({LONG, SIMPLE}) == ["simple", "long_context"]
    assert roles.read(None) == roles.read(["lost"]) == frozenset()
