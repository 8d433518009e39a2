"""Ordinary code is coloured, and code that is crafted to keep a lexer busy stays plain.

`python -m tests.bench.lexers` measures how long all lexers take.
"""

import pytest

from chat.markdown.allowance import MOST, PER_CHAR
from chat.markdown.highlighting import LEXERS, lexer_of, price
from chat.markdown.rendering import render

LENGTH = 15_900
# Texts that make a lexer scan ahead from every position: its language, the repeated part, and the end.
READ_ON = [
    *(("c#", "abc def\n", ""), ("c#", "a\n", ""), ("c#", "struct a \n", ""), ("c#", "abcd e\n", ";")),
    *(
        ("java", "abcdefg\n", ""),
        ("java", "a.b.c.d ", ""),
        ("java", "\n", ""),
        ("groovy", "abc def\n", ""),
        ("groovy", "a b<c>\n", ""),
    ),
    *(("markdown", "[aaaaaa\n", ""), ("markdown", "[aaaaaa\n", "]"), ("markdown", "\n", "")),
    *(("delphi", f"{'{' * 109}\n", ""), ("delphi", "(*\n", "*)"), ("perl", f"{'m{' * 54}\n", "")),
    *(
        ("terraform", "<<A\n", ""),
        ("crystal", "<<-A\n", ""),
        ("ruby", "<<~A\n", ""),
        ("c", "{\n", "}"),
        ("c#", "[a\n", ""),
    ),
    *(("elixir", f"{'é' * 109}\n", ""), ("terraform", f"{'a' * 109}\n", ""), ("python", "\\'", "'a")),
]
ORDINARY = {
    "c#": """
    [HttpGet("items/{id}")]
    [ProducesResponseType(typeof(Item), 200)]
    public async Task<ActionResult<Item>> GetNUMBER(int id, CancellationToken token)
    {
        // Whoever asks for an item that was deleted meanwhile is told so
        var item = await _items.FindAsync(id, token) ?? throw new NotFoundException($"No item {id}");
        return Ok(item with { Name = item.Name.Trim(), Prices = new[] { 1, 2, NUMBER } });
    }
""",
    "java": """
    /** Returns the orders of a customer that were placed since the day that is given and are not yet paid. */
    @Override
    public final List<Order> openOrdersNUMBER(Customer customer, LocalDate since) throws StorageException {
        Map<String, List<Order>> found = new HashMap<>();
        for (Order order : repository.findAll(customer.getId())) {
            if (!order.isPaid() && order.getDay().isAfter(since)) {
                found.computeIfAbsent(order.getKind(), kind -> new ArrayList<>()).add(order);
            }
        }
        return found.values().stream().flatMap(List::stream).collect(Collectors.toList());
    }
""",
    "groovy": """
    stage('Build NUMBER') {
        when { branch 'main' }
        steps {
            sh "./gradlew clean build -Pnumber=${env.BUILD_NUMBER}"
            archiveArtifacts artifacts: 'build/libs/*.jar', fingerprint: true
        }
    }
""",
    "python": """
def total_NUMBER(rows: list[dict[str, int]], *, since: int = 0) -> int:
    '''Return the sum of what was paid since then, without what was given back.'''
    return sum(row["paid"] - row.get("back", 0) for row in rows if row["day"] >= since)
""",
    "markdown": """
## Step NUMBER

Open the [settings](https://example.com/settings) and choose *one* of the **three** models that are listed there.

- [ ] `first`
- [x] second, with a note that says what it was chosen for
""",
    "ruby": """
  # Returns what was paid for an order that was placed since that day, without what was given back
  def total_NUMBER(orders, since: Date.today - NUMBER)
    orders.select { |order| order.placed_on >= since }.sum { |order| order.paid - (order.back || 0) }
  end
""",
    "terraform": """
resource "aws_s3_bucket" "logs_NUMBER" {
  bucket = "logs-${var.environment}-NUMBER"
  tags   = { Name = "logs", Team = var.team }
}
""",
    "html": '\n<li class="item" id="i-NUMBER"><a href="/items/NUMBER">Item NUMBER</a> &ndash; <em>new</em></li>',
    "cpp": "\n    std::cout << name_NUMBER << ' ' << values[NUMBER] << std::endl;",
}


def fenced(language: str, code: str) -> str:
    return f"```{language}\n{code}\n```\n"


def is_coloured(language: str, code: str) -> bool:
    return "<span class=" in render(fenced(language, code))


def test_every_lexer_is_one_of_the_library():
    from pygments.lexers import get_all_lexers

    assert {name for name, *_ in get_all_lexers(plugins=False)} >= LEXERS
    assert lexer_of("nim")


@pytest.mark.parametrize(("language", "piece", "end"), READ_ON)
def test_code_that_keeps_its_lexer_reading_stays_plain(language, piece, end):
    code = (piece * LENGTH)[: LENGTH - len(end)] + end
    assert lexer_of(language)
    assert not is_coloured(language, code)


@pytest.mark.parametrize("language", ORDINARY)
def test_ordinary_code_is_coloured_also_where_it_is_long(language):
    code = ""
    while len(code) < 3_000:
        code += ORDINARY[language].replace("NUMBER", str(len(code)))
    assert is_coloured(language, code)


def test_a_few_words_in_lines_are_coloured():
    assert is_coloured("c#", "public class A\n{\n    int count\n    string name\n}")
    assert is_coloured("java", "\n".join(["public void begin", "return null"] * 8))


@pytest.mark.parametrize(("language", "piece"), [("ruby", "=begin\n"), ("perl", "=pod\n"), ("perl", "\n=a b\n")])
def test_comments_that_do_not_end_are_paid_for(language, piece):
    """A part of a text that could pay for as many other characters. Each was read to the end from every position."""
    code = piece * (LENGTH // 2 // len(piece))
    assert price(code, lexer_of(language), frozenset()) > MOST + PER_CHAR * LENGTH
    assert is_coloured(language, "=begin a\nnotes\n=end\n\n=pod\n\nnotes\n\n=cut\n\nprint 1\n")
