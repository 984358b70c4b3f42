# syntax=docker/dockerfile:1

FROM <{ images.build }> AS build
<%- if tool.corepack %>
RUN corepack enable
<%- endif %>
WORKDIR /app
<%- if tool.early %>
# Scripts of the project run when its packages are installed, so that they need its files.
COPY . .
<%- else %>
# What changes seldom comes first: this layer stays cached until the lock file changes.
COPY <{ tool.files | join(" ") }> ./
<%- for folder in tool.folders %>
COPY <{ folder }> ./<{ folder }>
<%- endfor %>
<%- for directory in tool.manifests %>
COPY <{ directory }>/package.json ./<{ directory }>/
<%- endfor %>
<%- endif %>
RUN --mount=type=cache,target=<{ tool.cache }> <{ tool.install }>
<%- if not tool.early %>
COPY . .
<%- endif %>
<%- for line in builds %>
RUN <{ line }>
<%- endfor %>

FROM nginxinc/nginx-unprivileged:1.30-alpine
COPY --from=build /app/<{ output }> /usr/share/nginx/html
COPY <<'EOF' /etc/nginx/conf.d/default.conf
server {
    listen 8080;
    root /usr/share/nginx/html;
    location / {
        # A path that is no file is a page of the application.
        try_files $uri $uri/ /index.html;
    }
}
EOF
USER 101:101
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/"]
