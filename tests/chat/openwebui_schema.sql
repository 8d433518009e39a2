-- The tables of Open WebUI 0.12.4 that a move reads, as its own migrations make them in an empty database.
CREATE TABLE "user" (
    id VARCHAR NOT NULL,
    name VARCHAR,
    email VARCHAR,
    role VARCHAR,
    profile_image_url TEXT,
    last_active_at BIGINT,
    updated_at BIGINT,
    created_at BIGINT,
    username VARCHAR(50),
    bio TEXT,
    gender TEXT,
    date_of_birth DATE,
    profile_banner_image_url TEXT,
    timezone VARCHAR,
    presence_state VARCHAR,
    status_emoji VARCHAR,
    status_message TEXT,
    status_expires_at BIGINT,
    oauth JSON,
    info JSON,
    settings JSON, scim JSON, variables JSON,
    PRIMARY KEY (id)
);
CREATE TABLE auth (
    id VARCHAR NOT NULL,
    email VARCHAR,
    password TEXT,
    active BOOLEAN, mfa JSON, session_stamp TEXT,
    PRIMARY KEY (id)
);
CREATE TABLE "group" (
    id TEXT NOT NULL,
    user_id TEXT,
    name TEXT,
    description TEXT,
    data JSON,
    meta JSON,
    permissions JSON,
    created_at BIGINT,
    updated_at BIGINT,
    parent_group_id TEXT,
    PRIMARY KEY (id),
    CONSTRAINT fk_group_parent FOREIGN KEY(parent_group_id) REFERENCES "group" (id) ON DELETE SET NULL,
    UNIQUE (id)
);
CREATE TABLE group_member (
    id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created_at BIGINT,
    updated_at BIGINT,
    PRIMARY KEY (id),
    CONSTRAINT uq_group_member_group_user UNIQUE (group_id, user_id),
    UNIQUE (id),
    FOREIGN KEY(group_id) REFERENCES "group" (id) ON DELETE CASCADE,
    FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
CREATE TABLE chat (
    id VARCHAR NOT NULL,
    user_id VARCHAR,
    title TEXT,
    created_at BIGINT,
    updated_at BIGINT,
    share_id TEXT,
    archived BOOLEAN, chat JSON, pinned BOOLEAN, meta JSON DEFAULT '{}' NOT NULL, folder_id TEXT, tasks JSON, summary TEXT, last_read_at BIGINT, current_message_id TEXT, variables JSON, timer_at BIGINT,
    PRIMARY KEY (id),
    UNIQUE (share_id)
);
CREATE TABLE "folder" (
    id TEXT NOT NULL,
    parent_id TEXT,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    items JSON,
    meta JSON,
    is_expanded BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL, data JSON,
    PRIMARY KEY (id, user_id)
);
CREATE TABLE "file" (
    id VARCHAR NOT NULL,
    user_id VARCHAR,
    filename TEXT,
    meta JSON,
    created_at BIGINT,
    hash TEXT,
    data JSON,
    updated_at BIGINT,
    path TEXT,
    PRIMARY KEY (id)
);
CREATE TABLE "knowledge" (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    meta JSON,
    created_at BIGINT NOT NULL,
    updated_at BIGINT,
    data JSON,
    PRIMARY KEY (id)
);
CREATE TABLE knowledge_directory (
    id TEXT NOT NULL,
    knowledge_id TEXT NOT NULL,
    parent_id TEXT,
    name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(knowledge_id) REFERENCES knowledge (id) ON DELETE CASCADE,
    FOREIGN KEY(parent_id) REFERENCES knowledge_directory (id) ON DELETE CASCADE,
    CONSTRAINT uq_knowledge_directory_knowledge_parent_name UNIQUE (knowledge_id, parent_id, name)
);
CREATE TABLE "knowledge_file" (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    knowledge_id TEXT NOT NULL,
    file_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    directory_id TEXT,
    PRIMARY KEY (id),
    CONSTRAINT uq_knowledge_file_knowledge_file UNIQUE (knowledge_id, file_id),
    CONSTRAINT fk_knowledge_file_directory_id FOREIGN KEY(directory_id) REFERENCES knowledge_directory (id) ON DELETE SET NULL,
    FOREIGN KEY(knowledge_id) REFERENCES knowledge (id) ON DELETE CASCADE,
    FOREIGN KEY(file_id) REFERENCES file (id) ON DELETE CASCADE
);
CREATE TABLE feedback (
    id TEXT NOT NULL,
    user_id TEXT,
    version BIGINT,
    type TEXT,
    data JSON,
    meta JSON,
    snapshot JSON,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE access_grant (
    id TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    principal_type TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    permission TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT uq_access_grant_grant UNIQUE (resource_type, resource_id, principal_type, principal_id, permission)
);
CREATE TABLE "prompt" (
    id TEXT NOT NULL,
    command VARCHAR,
    user_id VARCHAR NOT NULL,
    name TEXT NOT NULL,
    content TEXT NOT NULL,
    data JSON,
    meta JSON,
    is_active BOOLEAN DEFAULT '1' NOT NULL,
    version_id TEXT,
    tags JSON,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE "model" (
    id TEXT NOT NULL,
    user_id TEXT,
    base_model_id TEXT,
    name TEXT,
    params TEXT,
    meta TEXT,
    updated_at BIGINT,
    created_at BIGINT,
    is_active BOOLEAN DEFAULT 1 NOT NULL, version_id TEXT,
    PRIMARY KEY (id)
);
CREATE TABLE chat_message (
    id TEXT NOT NULL,
    chat_id TEXT NOT NULL,
    user_id TEXT,
    role TEXT NOT NULL,
    parent_id TEXT,
    content JSON,
    output JSON,
    model_id TEXT,
    files JSON,
    sources JSON,
    embeds JSON,
    done BOOLEAN,
    status_history JSON,
    error JSON,
    usage JSON,
    created_at BIGINT,
    updated_at BIGINT, context_summary TEXT, meta JSON,
    PRIMARY KEY (id),
    FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE
);
