using System.Text.Json;
using Millrace.Engine.Administration;

namespace Millrace.Webhooks.Delivering;

/// <summary>An event that was not delivered yet, as it is kept. Fields are stored: never change one.</summary>
/// <param name="Id">Of the event.</param>
/// <param name="Order">Whose event it is.</param>
/// <param name="Version">Of the order with it.</param>
/// <param name="Type">Of the event.</param>
/// <param name="Attempts">That have failed since it was first sent, or since a replay; 0 of one that waits behind another.</param>
public sealed record WaitingEvent(string Id, string Order, int Version, string Type, int Attempts)
{
    /// <summary>When it is tried again; null of one that is tried as soon as it is the first of its order.</summary>
    public DateTimeOffset? DueAt { get; init; }

    public DateTimeOffset? LastAt { get; init; }

    public int? Status { get; init; }

    public string? Error { get; init; }

    public long? DurationMs { get; init; }

    public bool IsFailed { get; init; }

    /// <summary>Where the feed tells the event again, when it is too large to be kept here; else null.</summary>
    public string? TellAgainFrom { get; init; }

    public Attempt ToAttempt() => new(
        Id, Type, Order, Attempts, LastAt, IsFailed ? AttemptOutcomes.Failed : AttemptOutcomes.Waiting, Status, Error, DurationMs, IsFailed ? null : DueAt);

    /// <summary>A record's body: this as a line of JSON, and behind it what is to be sent.</summary>
    internal byte[] Write(ReadOnlySpan<byte> body)
    {
        var head = JsonSerializer.SerializeToUtf8Bytes(this, DeliveryJson.Default.WaitingEvent);
        var record = new byte[head.Length + 1 + body.Length];
        head.CopyTo(record, 0);
        record[head.Length] = (byte)'\n';
        body.CopyTo(record.AsSpan(head.Length + 1));
        return record;
    }

    /// <exception cref="InvalidDataException">It is no such record, or another version's.</exception>
    internal static WaitingEvent Read(StoredRecord record, out ReadOnlyMemory<byte> body)
    {
        var end = record.Body.Span.IndexOf((byte)'\n');
        body = end < 0 ? throw new InvalidDataException($"The record '{record.Id}' has no line of JSON.") : record.Body[(end + 1)..];
        return record.With(record.Body[..end]).Read(DeliveryJson.Default.WaitingEvent);
    }
}
