using System.CommandLine;
using System.Text.Json;
using Millrace.Cli.Client;

namespace Millrace.Cli.Plan;

/// <summary><c>millrace plan</c>: roughly what a target takes. Every input is shown with where it comes from, and can be given otherwise.</summary>
internal static class PlanCommand
{
    // What is not known better: a shop's busiest second is a few times its average.
    private const double PeakFactor = 3;
    private const double Most = 1e7;

    public static Command Create()
    {
        var average = new Option<double>("--orders-per-second") { Description = "Orders a second, on average over a day", Required = true };
        var peak = new Option<double?>("--peak") { Description = $"Orders in the busiest second [default: {PeakFactor} times the average]" };
        var retention = new Option<double>("--retention-days") { Description = "How long orders are kept in the database", DefaultValueFactory = _ => 90 };
        var standbys = new Option<int>("--standbys") { Description = "Copies of each database beside itself", DefaultValueFactory = _ => 1 };
        var figures = PlanFigures.All.ToDictionary(figure => figure, figure => new Option<double?>(figure.Option) { Description = $"{figure.What} [default: {figure.Default}; {figure.Source}]" });
        var output = new Output();
        var command = new Command("plan", "Estimate partitions, nodes, databases, disk and network from a target, by the measured figures of docs/performance.md");
        command.AddSymbols([average, peak, retention, standbys, .. figures.Values]);
        output.AddTo(command);
        command.SetGuardedAction(async (arguments, _) =>
        {
            var wanted = arguments.GetValue(average);
            var target = new PlanTarget(wanted, arguments.GetValue(peak) ?? wanted * PeakFactor, arguments.GetValue(retention), arguments.GetValue(standbys));
            Check(target);
            var rows = new List<JsonElement>
            {
                Row("target", "orders-per-second", target.PerSecond, "given"),
                Row("target", "peak", target.Peak, arguments.GetValue(peak) is null ? $"assumed: {PeakFactor} × orders-per-second" : "given"),
                Row("target", "retention-days", target.RetentionDays, arguments.GetResult(retention) is { Implicit: false } ? "given" : "assumed"),
                Row("target", "standbys", target.Standbys, arguments.GetResult(standbys) is { Implicit: false } ? "given" : "assumed"),
            };
            foreach (var figure in PlanFigures.All)
                rows.Add(Row("input", $"{figure.Option[2..]}: {figure.What}", Value(figure), arguments.GetValue(figures[figure]) is null ? figure.Source : "given"));
            foreach (var result in CapacityPlan.Of(target, Value))
                rows.Add(Row("result", result.What, result.Shown, result.Formula));
            output.WriteMany(arguments, rows, "kind", "what", "value#", "from");
            await arguments.InvocationConfiguration.Error.WriteLineAsync(
                "Measures have two figures, and all is no better than its inputs: one machine, linear formulae, no provider and no network in between. Measure with 'millrace bench place' where it shall run.");
            return Acting.Done;

            double Value(Figure figure) => Checked(figure, arguments.GetValue(figures[figure]) ?? figure.Default);
        });
        return command;
    }

    private static void Check(PlanTarget target)
    {
        if (!(target.PerSecond is > 0 and <= Most && target.Peak <= Most && target.Peak >= target.PerSecond))
            throw new UsageException("--orders-per-second is more than 0, and --peak not less than it; ten million at most.");
        if (!(target.RetentionDays is > 0 and <= 36_500 && target.Standbys is >= 0 and <= 10))
            throw new UsageException("--retention-days is more than 0 and at most 36,500, and --standbys 0 to 10.");
    }

    private static double Checked(Figure figure, double value)
    {
        var isShare = figure == PlanFigures.DatabaseShare || figure == PlanFigures.Load;
        var isWell = figure == PlanFigures.Spare ? value >= 0 && value == Math.Floor(value) && value <= 1_000 : value > 0 && value <= (isShare ? 1 : 1e9);
        return isWell ? value : throw new UsageException($"{figure.Option} {value} cannot be meant: {figure.What}.");
    }

    private static JsonElement Row(string kind, string what, double value, string from) => JsonSerializer.SerializeToElement(new { kind, what, value, from });
}
