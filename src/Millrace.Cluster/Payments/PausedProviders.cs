using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Engine.Administration;

namespace Millrace.Cluster.Payments;

/// <summary>A payment provider that is not asked for anything now.</summary>
/// <param name="Name">As orders name it.</param>
/// <param name="SinceUnixMs">When it was paused, by the clock of the node that was asked.</param>
/// <param name="By">Who asked.</param>
public sealed record PausedProvider(string Name, long SinceUnixMs, string? By);

/// <summary>
/// The payment providers that an operator has paused, for all nodes of the store: as this one last read it. Thread-safe.
/// </summary>
public sealed class PausedProviders(IRecords records, TimeProvider time)
{
    private const string RecordKind = "psp_pause";

    // Orders may name whatever their merchants write.
    private const int MostSeen = 256;
    private readonly ConcurrentDictionary<string, byte> _seen = new(StringComparer.Ordinal);
    private volatile bool _hasSeenTooMany;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile Dictionary<string, Pause> _pauses = new(StringComparer.Ordinal);

    public IReadOnlyList<PausedProvider> All => [.. _pauses.Values.Select(pause => pause.Provider).OrderBy(provider => provider.Name, StringComparer.Ordinal)];

    public int Count => _pauses.Count;

    /// <summary>A payment is to be made with it.</summary>
    public void See(string provider)
    {
        // To count them takes all locks: only for a new one.
        if (!_hasSeenTooMany && !_seen.ContainsKey(provider) && _seen.TryAdd(provider, 0))
            _hasSeenTooMany = _seen.Count >= MostSeen;
    }

    /// <summary>Whether any payment was to be made with it at this node since it started, as far as it remembers: who pauses one for which there was none has probably mistyped it.</summary>
    public bool IsSeen(string provider) => _hasSeenTooMany || _seen.ContainsKey(provider);

    public bool IsPaused(string provider) => _pauses.ContainsKey(provider);

    /// <summary>Until it is paused no more; at once when it is not.</summary>
    public Task UntilResumedAsync(string provider, CancellationToken cancellation) =>
        _pauses.TryGetValue(provider, out var pause) ? pause.Resumed.Task.WaitAsync(cancellation) : Task.CompletedTask;

    /// <summary>Reads what other nodes were told.</summary>
    /// <exception cref="Engine.Journal.StoreUnavailableException">It cannot be read now; what was read goes on to hold.</exception>
    public async Task RefreshAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            await ReadAsync(cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>From now on here, and within two seconds at every node, nothing is begun with it. What is under way is brought to an end.</summary>
    /// <param name="name">1 to 32 printable ASCII characters without spaces.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="cancellation">Gives up waiting; it may be paused.</param>
    public Task PauseAsync(string name, string? by, CancellationToken cancellation) => ChangeAsync(async () =>
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new PausedProvider(name, time.GetUtcNow().ToUnixTimeMilliseconds(), by), PausedProviderJson.Default.PausedProvider);
        // One that is there says the same.
        await records.TryWriteRecordAsync(new StoredRecord(RecordKind, name, 0, body), cancellation);
    }, cancellation);

    /// <summary>It is asked again: here at once, within two seconds everywhere.</summary>
    public Task ResumeAsync(string name, CancellationToken cancellation) => ChangeAsync(async () =>
    {
        while (await records.FindRecordAsync(RecordKind, name, cancellation) is { } record && !await records.TryDeleteRecordAsync(RecordKind, name, record.Version, cancellation))
            cancellation.ThrowIfCancellationRequested();
    }, cancellation);

    private async Task ChangeAsync(Func<Task> change, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            await change();
            await ReadAsync(cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task ReadAsync(CancellationToken cancellation)
    {
        var (before, now) = (_pauses, new Dictionary<string, Pause>(StringComparer.Ordinal));
        await foreach (var record in records.ListAllAsync(RecordKind, cancellation: cancellation))
            now.Add(record.Id, before.GetValueOrDefault(record.Id) ?? new Pause(Read(record)));
        _pauses = now;
        foreach (var (name, pause) in before)
        {
            if (!now.ContainsKey(name))
                pause.Resumed.TrySetResult();
        }
    }

    // Whatever is written in it: that it is there is what counts.
    private static PausedProvider Read(StoredRecord record)
    {
        try
        {
            return JsonSerializer.Deserialize(record.Body.Span, PausedProviderJson.Default.PausedProvider) is { } provider
                ? provider with { Name = record.Id }
                : new PausedProvider(record.Id, 0, null);
        }
        catch (JsonException)
        {
            return new PausedProvider(record.Id, 0, null);
        }
    }

    private sealed record Pause(PausedProvider Provider)
    {
        // Thousands may wait: whoever resumes does not do their work.
        public TaskCompletionSource Resumed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(PausedProvider))]
internal sealed partial class PausedProviderJson : JsonSerializerContext;
