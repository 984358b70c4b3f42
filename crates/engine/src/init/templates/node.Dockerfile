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
<%- if builds or tool.early %>
RUN --mount=type=cache,target=<{ tool.cache }> <{ tool.install }>
<%- if not tool.early %>
COPY . .
<%- endif %>
<%- for line in builds %>
RUN <{ line }>
<%- endfor %>
<%- if not standalone %>
# What only the build needs does not ship.
RUN --mount=type=cache,target=<{ tool.cache }> <{ tool.prune }>
<%- endif %>
<%- else %>
RUN --mount=type=cache,target=<{ tool.cache }> <{ tool.production }>
COPY . .
<%- endif %>

FROM <{ images.run }>
ENV NODE_ENV=production PORT=<{ port }><% if next %> HOSTNAME=0.0.0.0<% endif %>
<%- if local %> PATH=<% if home %>/app/<{ home }>/node_modules/.bin:<% endif %>/app/node_modules/.bin:$PATH<% endif %>
WORKDIR /app
# Owned by root: the program cannot change its own code.
<%- if standalone %>
COPY --from=build /app/<% if home %><{ home }>/<% endif %>.next/standalone ./
COPY --from=build /app/<% if home %><{ home }>/<% endif %>.next/static ./<% if home %><{ home }>/<% endif %>.next/static
<%- if public %>
COPY --from=build /app/<% if home %><{ home }>/<% endif %>public ./<% if home %><{ home }>/<% endif %>public
<%- endif %>
<%- else %>
COPY --from=build /app ./
<%- if home %>
WORKDIR /app/<{ home }>
<%- endif %>
<%- endif %>
USER 1000:1000
EXPOSE <{ port }>
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["<{ 'bun' if bun else 'node' }>", "-e", <{ health | json }>]
CMD <{ command | json }>
