# syntax=docker/dockerfile:1

FROM <{ images.build }> AS build
<%- if tool.corepack %>
RUN corepack enable
<%- endif %>
WORKDIR /app
# What changes seldom comes first: this layer stays cached until the lock file changes.
COPY <{ tool.files | join(" ") }> ./
<%- if build %>
RUN --mount=type=cache,target=<{ tool.cache }> <{ tool.install }>
COPY . .
RUN <{ tool.run }> build
<%- if not standalone %>
# What only the build needs does not ship.
RUN --mount=type=cache,target=<{ tool.cache }> rm -rf node_modules && <{ tool.production }>
<%- endif %>
<%- else %>
RUN --mount=type=cache,target=<{ tool.cache }> <{ tool.production }>
COPY . .
<%- endif %>

FROM <{ images.run }>
ENV NODE_ENV=production PORT=<{ port }><% if next %> HOSTNAME=0.0.0.0<% endif %>
WORKDIR /app
# Owned by root: the program cannot change its own code.
<%- if standalone %>
COPY --from=build /app/.next/standalone ./
COPY --from=build /app/.next/static ./.next/static
<%- if public %>
COPY --from=build /app/public ./public
<%- endif %>
<%- else %>
COPY --from=build /app ./
<%- endif %>
USER 1000:1000
EXPOSE <{ port }>
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["<{ 'bun' if bun else 'node' }>", "-e", <{ health | json }>]
CMD <{ command | json }>
