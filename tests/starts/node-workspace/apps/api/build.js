// Needs what the other package builds.
require("@shop/words");
require("fs").cpSync("src", "dist", { recursive: true });
