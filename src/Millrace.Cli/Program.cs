using System.CommandLine;
using Millrace.Cli;

// A server that is told to stop finishes what it has accepted; the default would end it after two seconds.
return await CommandLine.RunAsync(args, new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });
