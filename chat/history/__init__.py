"""Search in one's own conversations: by the words of titles, questions and answers.

Rows are written in the transaction that writes the message or the title, so the two never differ. Deleting a message
or a conversation deletes its rows.
"""
