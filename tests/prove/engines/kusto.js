// Microsoft's Kusto language service: one JSON object a line in, one a line out.
// {"tables": [[name, [[column, type]]]]} says what the queries behind it are about; {"query": text}
// is answered by the errors that the service finds in it, as [[code, message, offset]].
const fs = require("fs");
const path = require("path");
const readline = require("readline");
const vm = require("vm");

const folder = path.join(process.argv[2], "@kusto", "language-service-next");
for (const file of ["bridge.js", "Kusto.Language.Bridge.js"]) {
  vm.runInThisContext(fs.readFileSync(path.join(folder, file), "utf8"), { filename: file });
}

let globals = Kusto.Language.GlobalState.Default;

function errors(query) {
  const found = Kusto.Language.KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  const list = [];
  for (let i = 0; i < found.Count; i++) {
    const each = found.getItem(i);
    if (each.Severity === "Error") list.push([each.Code, each.Message, each.Start]);
  }
  return list;
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const asked = JSON.parse(line);
  let answer = [];
  if (asked.tables) {
    const tables = asked.tables.map(([table, types]) => {
      const columns = types.map(([name, type]) => `['${name}']: ${type}`).join(", ");
      return Kusto.Language.Symbols.TableSymbol.From(`(${columns})`).WithName(table);
    });
    const database = new Kusto.Language.Symbols.DatabaseSymbol.$ctor1("workspace", tables);
    globals = Kusto.Language.GlobalState.Default.WithDatabase(database);
  } else {
    answer = errors(asked.query);
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
});
