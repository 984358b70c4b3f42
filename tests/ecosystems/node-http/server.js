const fs = require("fs");
const http = require("http");
const path = require("path");

const port = process.env.PORT || 80;
const hits = path.join(process.env.DATA_DIR, "hits.log");

http
  .createServer((request, response) => {
    fs.appendFileSync(hits, request.url + "\n");
    response.end("ok\n");
  })
  .listen(port, () => console.log(`listening on ${port}`));

process.on("SIGTERM", () => process.exit(0));
