using System.CommandLine;
using Millrace.Cli.Bench;
using Millrace.Cli.Cluster;
using Millrace.Cli.Demo;
using Millrace.Cli.Doctor;
using Millrace.Cli.Keys;
using Millrace.Cli.Orders;
using Millrace.Cli.Psp;
using Millrace.Cli.Replay;
using Millrace.Cli.Serve;
using Millrace.Cli.Shards;
using Millrace.Cli.Simulate;
using Millrace.Cli.Stores;
using Millrace.Cli.Torture;
using Millrace.Cli.Verify;

var root = new RootCommand("Millrace: orders accepted, stock held, money moved, nothing lost.")
{
    ServeCommand.Create(),
    DemoCommand.Create(),
    VerifyCommand.Create(),
    BackupCommand.Create(),
    RestoreCommand.Create(),
    ArchiveCommand.Create(),
    MigrateStoreCommand.Create(),
    ShardsCommand.Create(),
    SimulateCommand.Create(),
    TortureCommand.Create(),
    DoctorCommand.Create(),
    OrdersCommand.Create(),
    ItemsCommand.Create(),
    StockCommand.Create(),
    KeysCommand.Create(),
    ClusterCommand.Create(),
    PspCommand.Create(),
    ReplayCommand.Create(),
    BenchCommand.Create(),
};
var parsed = root.Parse(args);
// A server that is told to stop finishes what it has accepted; the default would end it after two seconds.
var status = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });
// A command line that cannot be read is a usage error, told apart from work that failed.
return parsed.Errors.Count > 0 ? 2 : status;
