// Grafana's grammar of LogQL: a JSON list of queries on standard input, and for each the places of
// what is an error in it, as [[from, to]].
const fs = require("fs");
const path = require("path");

const { parser } = require(path.join(process.argv[2], "@grafana", "lezer-logql"));

function errors(query) {
  const found = [];
  parser.parse(query).iterate({
    enter: (node) => {
      if (node.type.isError) found.push([node.from, node.to]);
    },
  });
  return found;
}

const queries = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(queries.map(errors)));
