# syntax=docker/dockerfile:1

FROM python:<{ python }>-slim-trixie AS build
COPY --from=ghcr.io/astral-sh/uv:<{ uv }> /uv /bin/
# Byte code is compiled once, here; Python is the image's own, so that the runtime stage finds the same one.
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /app
<%- if locked %>
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
<%- else %>
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=requirements.txt,target=requirements.txt \
    uv venv && uv pip install -r requirements.txt
<%- endif %>

FROM python:<{ python }>-slim-trixie
RUN groupadd --gid 1001 app && useradd --uid 1001 --gid 1001 --no-log-init --create-home app
WORKDIR /app
# Owned by root: the program cannot change its own code.
COPY --from=build /app/.venv /app/.venv
<%- if copied %>
COPY . .
<%- endif %>
ENV PATH="/app/.venv/bin:$PATH" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1<% if source_layout %> PYTHONPATH=/app/src<% elif copied %> PYTHONPATH=/app<% endif %>
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
