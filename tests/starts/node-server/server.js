const server = require("http").createServer((request, response) => {
  if (request.url === "/healthz") return response.end("ok");
  response.writeHead(404).end();
});
server.listen(process.env.PORT || 4000);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
