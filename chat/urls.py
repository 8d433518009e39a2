from django.urls import path

from chat.pages import correcting, deleting, folders, history, model_list, ordering, palette, posts, replies, views
from chat.pages.consumers import ConversationConsumer

app_name = "chat"
urlpatterns = [
    path("", views.new, name="new"),
    path("models/", model_list.models, name="models"),
    path("go/", palette.palette, name="palette"),
    path("go/keys/", palette.keys, name="keys"),
    path("conversations/", posts.start, name="start"),
    path("conversations/search/", history.search, name="history"),
    path("conversations/all/", ordering.everything, name="all"),
    path("conversations/archive/", ordering.archived, name="archive"),
    path("conversations/order/", ordering.order, name="order"),
    path("conversations/order/<uuid:change>/undo/", ordering.undo, name="undo"),
    path("conversations/list/", views.sidebar, name="list"),
    path("conversations/<uuid:conversation>/", views.conversation, name="conversation"),
    path("conversations/<uuid:conversation>/messages/", posts.post, name="post"),
    path("conversations/<uuid:conversation>/arrange/", ordering.arrange, name="arrange"),
    path("conversations/<uuid:conversation>/rename/", views.rename, name="rename"),
    path("conversations/<uuid:conversation>/delete/", views.delete, name="delete"),
    path("conversations/<uuid:conversation>/restore/", views.restore, name="restore"),
    path("conversations/<uuid:conversation>/label/", views.lower_label, name="lower-label"),
    path("conversations/preview/", posts.preview, name="preview-new"),
    path("conversations/<uuid:conversation>/preview/", posts.preview, name="preview"),
    path("folders/", folders.folder_list, name="folders"),
    path("folders/<uuid:folder>/", folders.folder, name="folder"),
    path("folders/<uuid:folder>/settings/", folders.settings, name="folder-settings"),
    path("folders/<uuid:folder>/delete/", folders.delete, name="folder-delete"),
    path("messages/<uuid:question>/", posts.question, name="question"),
    path("messages/<uuid:question>/edit/", posts.edit, name="edit"),
    path("messages/<uuid:message>/delete/", deleting.delete, name="delete-branch"),
    path("messages/<uuid:message>/restore/", deleting.restore, name="restore-branch"),
    path("replies/<uuid:reply>/", replies.reply, name="reply"),
    path("replies/<uuid:reply>/markdown/", replies.source, name="source"),
    path("replies/<uuid:reply>/correct/", correcting.correct, name="correct"),
    path("replies/<uuid:reply>/original/", correcting.original, name="original"),
    path("replies/<uuid:reply>/thinking/", replies.thinking, name="thinking"),
    path("replies/<uuid:reply>/stop/", replies.stop, name="stop"),
    path("replies/<uuid:reply>/retry/", posts.retry, name="retry"),
    path("replies/<uuid:reply>/fork/", views.fork, name="fork"),
    path("replies/<uuid:reply>/continue/", posts.resume, name="continue"),
    path("replies/<uuid:reply>/citations/<int:number>/", replies.citation, name="citation"),
]
websocket_urlpatterns = [
    path("ws/conversations/<uuid:conversation>/", ConversationConsumer.as_asgi()),
]
