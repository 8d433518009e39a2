"""Programs that use clients of OpenAI as people do. They get an address, a key and a prefix, and print what they got.

They run in processes of their own: the one of the tests has LiteLLM as LangAI prepares it, which calls nobody by
itself, and LangChain takes seconds to import.
"""

LITELLM = """
import json, sys
import litellm

def outcome(**fields):
    try:
        answer = litellm.completion(messages=[{"role": "user", "content": "How many days?"}], **common, **fields)
        if not fields.get("stream"):
            return answer.choices[0].message.content
        return "".join(chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices)
    except Exception as error:
        return type(error).__name__

url, key, model = json.loads(sys.argv[1])
common = {"api_base": url, "api_key": key, "extra_headers": {"X-LangAI-Collections": "none"}}
echo = f"openai/{model}echo"
print(json.dumps([
    outcome(model=echo, max_tokens=9000, temperature=0.1, top_p=0.9),
    outcome(model=echo, stream=True, stream_options={"include_usage": True}),
    outcome(model=f"openai/{model}fail-toolong"),
    outcome(model=f"openai/{model}silent-filter"),
    outcome(model=echo, response_format={"type": "json_object"}),
]))
"""

LANGCHAIN = """
import json, sys
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

class Day(BaseModel):
    name: str
    number: int

def weather(city: str) -> str:
    "Tell the weather."

url, key, model = json.loads(sys.argv[1])

def chat(name="echo", **fields):
    headers = {"X-LangAI-Collections": "none"}
    return ChatOpenAI(base_url=url, api_key=key, model=model + name, default_headers=headers, **fields)

def outcome(ask):
    try:
        return ask()
    except Exception as error:
        return type(error).__name__

def streamed():
    answer = None
    for chunk in chat(stream_usage=True).stream("How many days?"):
        answer = chunk if answer is None else answer + chunk
    return [answer.content, answer.usage_metadata["output_tokens"] > 0]

def with_tool(**fields):
    asked = chat(**fields).bind_tools([weather])
    called = asked.invoke("How is the weather?")
    results = [ToolMessage("Sunny.", tool_call_id=call["id"]) for call in called.tool_calls]
    said = asked.invoke([HumanMessage("How is the weather?"), called, *results])
    return [[call["args"] for call in called.tool_calls], said.text]

print(json.dumps([
    outcome(lambda: chat(temperature=0.1, max_tokens=9000, stop=["x1", "x2"]).invoke("How many days?").content),
    outcome(streamed),
    outcome(with_tool),
    outcome(lambda: with_tool(use_responses_api=True)),
    outcome(lambda: chat().with_structured_output(Day).invoke("Which day?").model_dump()),
    outcome(lambda: chat("fail-toolong").invoke("How many days?")),
]))
"""
