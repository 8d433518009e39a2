"""Pure: compares the sentences of an answer with the passages that they cite, by words and figures, without a model."""
