const fs = require("fs");
fs.mkdirSync("out", { recursive: true });
const page = fs.readFileSync("src/index.html", "utf8");
fs.writeFileSync("out/index.html", page.replace("%VITE_API_URL%", process.env.VITE_API_URL));
