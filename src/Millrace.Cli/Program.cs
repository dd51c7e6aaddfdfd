using System.CommandLine;
using Millrace.Cli.Bench;
using Millrace.Cli.Demo;
using Millrace.Cli.Doctor;
using Millrace.Cli.Keys;
using Millrace.Cli.Orders;
using Millrace.Cli.Psp;
using Millrace.Cli.Replay;
using Millrace.Cli.Serve;
using Millrace.Cli.Verify;

var root = new RootCommand("Millrace: orders accepted, stock held, money moved, nothing lost.")
{
    ServeCommand.Create(),
    DemoCommand.Create(),
    VerifyCommand.Create(),
    DoctorCommand.Create(),
    OrdersCommand.Create(),
    ItemsCommand.Create(),
    StockCommand.Create(),
    KeysCommand.Create(),
    PspCommand.Create(),
    ReplayCommand.Create(),
    BenchCommand.Create(),
};
var parsed = root.Parse(args);
var status = await parsed.InvokeAsync();
// A command line that cannot be read is a usage error, told apart from work that failed.
return parsed.Errors.Count > 0 ? 2 : status;
