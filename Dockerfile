FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install scripts: the only one belongs to the development copy of Node, which is left out.
RUN npm ci --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production DATA_DIR=/data
# A new volume takes its owner from here.
RUN install --directory --owner=node --group=node --mode=700 /data
VOLUME /data
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY src ./src
USER node
EXPOSE 5050
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 5050}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Without a shell or npm in between, the server is process 1 and gets SIGTERM itself. It installs a handler, so it needs
# no init to drain its calls: stop it with a grace period of DRAIN_TIMEOUT_MS and 20 seconds more. A young generation of
# 8 MB from the start, as in `npm start`, grows no more with the calls: one more costs less than half of the memory that it
# does with Node's own sizes. With a smaller one, more would live on to the old generation, whose collections hold audio up.
CMD ["node", "--min-semi-space-size=8", "--max-semi-space-size=8", "src/server.ts"]
