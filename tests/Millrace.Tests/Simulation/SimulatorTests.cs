using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;
using Millrace.Engine.Partitions;
using Millrace.Engine.Payments;
using Millrace.Engine.Requests;
using Millrace.Simulation.Faults;
using Millrace.Simulation.Seeds;
using Xunit;

namespace Millrace.Tests.Simulation;

public sealed class SimulatorTests
{
    private const int Seeds = 10_000;
    private static readonly SeedSettings Settings = new();

    // The partition answers before the decider is asked; OrderProperties reaches them.
    private static readonly Type[] OnlyWithoutEngine = [typeof(OrderRejection.NotFound), typeof(OrderRejection.AlreadyPlaced)];
    // No sound decider throws at an answer; PlantedBugTests has one that does.
    private static readonly Type[] OnlyWithBrokenDecider = [typeof(OrderCommand.SetAside), typeof(OrderEvent.AnswerSetAside)];
    private static readonly string[] Recoveries =
        ["recovery.without_checkpoint", "recovery.with_checkpoint", "recovery.tail", "recovery.fenced", "recovery.ambiguous", "recovery.overtaken", "recovery.names"];

    [Fact]
    public void Ten_thousand_seeds_break_no_promise_and_reach_every_case()
    {
        var run = SimulationRun.Run(
            first: 1, Seeds, Settings, Environment.ProcessorCount, maxFailures: 3, progress: null, TestContext.Current.CancellationToken);
        Console.WriteLine($"{run.Seeds} seeds in {run.Elapsed.TotalSeconds:F0} s, {run.Orders} orders, {run.Violations} violations");
        Assert.True(run.Violations == 0, string.Join('\n', run.Failures.Values.Select(f => $"seed {f.Seed} with {f.Plan}:\n{f.Text}")));
        Assert.Equal(Seeds, run.Seeds);
        Assert.Empty(NeverReached(run.Coverage));
    }

    [Fact]
    public void The_same_seed_happens_the_same_way_to_the_last_line()
    {
        for (var seed = 1UL; seed <= 5; seed++)
        {
            var first = SeedResult.Run(seed, Settings with { TraceLimit = int.MaxValue });
            var second = SeedResult.Run(seed, Settings with { TraceLimit = int.MaxValue });
            Assert.Equal(first.Digest, second.Digest);
            Assert.Equal(first.Trace, second.Trace);
            Assert.Equal(first.Digest, SeedResult.Run(seed, Settings).Digest);
        }
    }

    [Fact]
    public void Different_seeds_are_different_worlds() =>
        Assert.Equal(20, Enumerable.Range(1, 20).Select(seed => SeedResult.Run((ulong)seed, Settings with { Orders = 20 }).Digest).Distinct().Count());

    private static IEnumerable<string> NeverReached(Coverage coverage)
    {
        Type[] hierarchies =
        [
            typeof(OrderCommand), typeof(OrderEvent), typeof(StockCommand), typeof(StockEvent), typeof(PartitionMessage),
            typeof(PartitionRequest), typeof(PaymentOutcome), typeof(JournalRecord),
        ];
        var cases = hierarchies.SelectMany(Cases).Except(OnlyWithBrokenDecider).Where(type => coverage.Of(type) == 0).Select(type => $"{type.DeclaringType!.Name}.{type.Name}");
        var rejections = Cases(typeof(OrderRejection)).Concat(Cases(typeof(StockRejection))).Except(OnlyWithoutEngine)
            .Select(CodeOf).Where(code => coverage.Of(code) == 0);
        return [
            .. cases,
            .. rejections,
            .. Recoveries.Where(name => coverage.Of(name) == 0),
            .. Enum.GetValues<FaultKind>().Where(kind => coverage.Of(kind) == 0).Select(kind => kind.ToString()),
            .. Enum.GetValues<PaymentOperation>().Where(operation => coverage.Of(operation) == 0).Select(operation => operation.ToString()),
            .. Enum.GetValues<ReplyStatus>().Where(status => coverage.Of(status) == 0).Select(status => status.ToString()),
        ];
    }

    private static IEnumerable<Type> Cases(Type hierarchy) => hierarchy.GetNestedTypes().Where(type => type.IsSubclassOf(hierarchy));

    private static string CodeOf(Type rejection)
    {
        var constructor = rejection.GetConstructors().First(c => c.IsPublic);
        var arguments = constructor.GetParameters().Select(p => p.ParameterType.IsValueType ? Activator.CreateInstance(p.ParameterType) : null);
        dynamic made = constructor.Invoke([.. arguments]);
        return made.Code;
    }
}
