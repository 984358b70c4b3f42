# syntax=docker/dockerfile:1

FROM python:<{ python }>-slim-<{ suite }> AS build
COPY --from=ghcr.io/astral-sh/uv:<{ uv }> /uv /bin/
<%- if compiled %>
RUN apt-get update && apt-get install -y --no-install-recommends <{ compiled }> && rm -rf /var/lib/apt/lists/*
<%- endif %>
# Byte code is compiled once, here; Python is the image's own, so that the runtime stage finds the same one.
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /app
<%- if member %>
COPY . .
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --locked --no-dev --no-editable --package <{ member }>
<%- elif installer == "locked" %>
# What changes seldom comes first: these layers stay cached until the lock file changes.
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=uv.lock,target=uv.lock \
    --mount=type=bind,source=pyproject.toml,target=pyproject.toml \
    uv sync --locked --no-install-project --no-dev
<%- if packaged %>
COPY . .
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --locked --no-dev --no-editable
<%- endif %>
<%- elif installer == "poetry" %>
# What changes seldom comes first: this layer stays cached until the lock file changes.
RUN --mount=type=cache,target=/root/.cache \
    --mount=type=bind,source=poetry.lock,target=poetry.lock \
    --mount=type=bind,source=pyproject.toml,target=pyproject.toml \
    POETRY_VIRTUALENVS_IN_PROJECT=true uv tool run poetry@2.5.1 sync --only main --no-root --no-interaction --compile
<%- elif installer == "pipenv" %>
# What changes seldom comes first: this layer stays cached until the lock file changes.
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=Pipfile.lock,target=Pipfile.lock \
    --mount=type=bind,source=Pipfile,target=Pipfile \
    uv tool run pipenv@2026.10.3 requirements > /tmp/requirements.txt \
    && uv venv && uv pip install -r /tmp/requirements.txt
<%- elif packaged %>
COPY . .
RUN --mount=type=cache,target=/root/.cache/uv \
    uv venv && uv pip install .
<%- elif installer == "project" %>
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=pyproject.toml,target=pyproject.toml \
    uv venv && uv pip install -r pyproject.toml
<%- else %>
RUN --mount=type=cache,target=/root/.cache/uv \
<%- for file in requirements %>
    --mount=type=bind,source=<{ file }>,target=<{ file }> \
<%- endfor %>
    uv venv && uv pip install -r <{ requirements[0] }>
<%- endif %>
<%- if adds %>
RUN --mount=type=cache,target=/root/.cache/uv uv pip install <{ adds }>
<%- endif %>

FROM python:<{ python }>-slim-<{ suite }>
<%- if loaded %>
RUN apt-get update && apt-get install -y --no-install-recommends <{ loaded }> && rm -rf /var/lib/apt/lists/*
<%- endif %>
RUN groupadd --gid 1001 app && useradd --uid 1001 --gid 1001 --no-log-init --create-home app
WORKDIR /app
# Owned by root: the program cannot change its own code.
COPY --from=build /app/.venv /app/.venv
<%- if copied %>
COPY <{ home or "." }> .
<%- endif %>
ENV PATH="/app/.venv/bin:$PATH" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
<%- if source_layout %> PYTHONPATH=/app/src<% elif copied %> PYTHONPATH=/app<% endif %>
<%- for variable in env %> <{ variable }><% endfor %>
<%- if collects %>
# The key is for this step alone.
RUN SECRET_KEY=build DJANGO_SECRET_KEY=build python manage.py collectstatic --noinput
<%- endif %>
USER 1001:1001
<%- if port %>
EXPOSE <{ port }>
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", <{ health | json }>]
<%- endif %>
CMD <{ command | json }>
