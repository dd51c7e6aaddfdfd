using System.Diagnostics.Metrics;
using Millrace.Telemetry;
using Xunit;

namespace Millrace.Tests.Telemetry;

/// <summary>Counted once, read by all.</summary>
public sealed class CountsTests : IDisposable
{
    private static readonly Metric Plain = new("test.plain", MetricKind.Counter, "{thing}", "Things.");
    private static readonly Metric Labeled = new("test.labeled", MetricKind.Counter, "{thing}", "Things, by what they are.", "what");
    private readonly Meter _meter = new("Test." + Guid.NewGuid());

    public void Dispose() => _meter.Dispose();

    [Fact]
    public void Whoever_listens_and_whenever_sees_the_sum_of_all_threads()
    {
        var counts = new Counts(_meter, Plain);
        Assert.Equal([("", 0)], Read(Plain));
        Parallel.For(0, 1_000, i => counts.Add(i));
        Assert.Equal([("", 499_500)], Read(Plain));
        Assert.Equal([("", 499_500)], Read(Plain));
    }

    [Fact]
    public void Each_value_of_a_label_has_its_own_and_is_there_from_the_start()
    {
        var counts = new Counts(_meter, Labeled, "red", "green");
        Assert.Equal([("red", 0), ("green", 0)], Read(Labeled));
        counts.Add(3, 1);
        counts.Add(4);
        Assert.Equal([("red", 4), ("green", 3)], Read(Labeled));
        Assert.Equal(3, counts.Of(1));
    }

    [Fact]
    public void A_label_without_values_and_values_without_a_label_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Counts(_meter, Labeled));
        Assert.Throws<ArgumentException>(() => new Counts(_meter, Plain, "red"));
    }

    private List<(string Value, long Sum)> Read(Metric metric)
    {
        List<(string, long)> read = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter == _meter && instrument.Name == metric.Name)
                    listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, sum, tags, _) => read.Add((tags.IsEmpty ? "" : $"{tags[0].Value}", sum)));
        listener.Start();
        listener.RecordObservableInstruments();
        return read;
    }
}
