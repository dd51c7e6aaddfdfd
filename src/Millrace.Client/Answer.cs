namespace Millrace.Client;

/// <summary>A success of the server, with what its headers say.</summary>
/// <typeparam name="T">Of the body.</typeparam>
public sealed class Answer<T>
{
    private readonly T? _value;

    internal Answer(T? value) => _value = value;

    /// <summary>The body.</summary>
    /// <exception cref="InvalidOperationException">There is none: see <see cref="IsNotModified"/>.</exception>
    public T Value => IsNotModified ? throw new InvalidOperationException("There is no body: nothing has changed since the ETag that was sent.") : _value!;

    /// <summary>The HTTP status: 2xx, or 304.</summary>
    public required int Status { get; init; }

    /// <summary>It is still the version whose ETag was sent with the request.</summary>
    public bool IsNotModified => Status == 304;

    /// <summary>The version, for <see cref="CallOptions.IfMatch"/>; null when the operation gives none.</summary>
    public string? ETag { get; init; }

    /// <summary>The server had done this under the same idempotency key before, and gives its first answer again.</summary>
    public bool IsReplayed { get; init; }

    /// <summary>For <see cref="Orders.OrderFilter.ConsistencyToken"/>: a list that shows at least this.</summary>
    public string? ConsistencyToken { get; init; }

    /// <summary>Names the request in the server's log.</summary>
    public string? RequestId { get; init; }
}
