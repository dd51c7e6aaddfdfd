using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Millrace.Engine.Payments;
using Millrace.Telemetry;
using Polly;
using Polly.CircuitBreaker;
using Polly.RateLimiting;
using Polly.Timeout;

namespace Millrace.Gateways.Psp;

/// <summary>
/// Talks HTTP to a provider, within a total time-out, a bulkhead and a circuit breaker. It does not retry: the engine
/// does, in that one layer, with a later attempt of the same intent. From the second attempt on it looks the reference
/// up first, because the provider may have done the work and forgotten the key since. Thread-safe.
/// </summary>
public sealed partial class HttpPaymentGateway : IPaymentGateway, IDisposable
{
    private readonly HttpClient _http;
    private readonly PspClient _client;
    private readonly ResiliencePipeline<PspAnswer> _pipeline;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly PspMetrics? _metrics;
    private readonly OrderTraces? _traces;

    /// <param name="options">The provider and its limits.</param>
    /// <param name="time">The clock of the time-out and of the breaker.</param>
    /// <param name="log">Hears when the breaker opens and closes.</param>
    /// <param name="metrics">Measures each call; null for nobody.</param>
    /// <param name="traces">Which trace placed an order, to link to; null when nobody knows.</param>
    public HttpPaymentGateway(
        HttpPaymentGatewayOptions options, TimeProvider time, ILogger<HttpPaymentGateway> log, PspMetrics? metrics = null, OrderTraces? traces = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _http = PspHttp.CreateClient(options.BaseAddress, options.Key, options.MaxConcurrentCalls, PspClient.MaxAnswerBytes);
        _client = new PspClient(_http);
        (_time, _log, _metrics, _traces) = (time, log, metrics, traces);
        var breaker = new CircuitBreakerStateProvider();
        metrics?.Watch(breaker);
        _pipeline = BuildPipeline(options, time, breaker, log);
    }

    /// <inheritdoc />
    /// <exception cref="OperationCanceledException">The caller canceled; what the provider did is then unknown.</exception>
    public async ValueTask<PaymentOutcome> ExecuteAsync(PaymentRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var span = StartSpan(request);
        var began = _time.GetTimestamp();
        _metrics?.Began();
        PaymentOutcome? outcome = null;
        try
        {
            return outcome = await CallAsync(request, cancellation);
        }
        finally
        {
            _metrics?.Ended(request, outcome, _time.GetElapsedTime(began));
            if (span is not null)
                Describe(span, outcome);
        }
    }

    public void Dispose() => _http.Dispose();

    // Of a trace of its own: the request was answered long before, and a link leads back to it while this node remembers it.
    private Activity? StartSpan(PaymentRequest request) => Tracing.PspSource.HasListeners()
        ? Tracing.PspSource.StartActivity(
            $"psp {request.Operation.ToString().ToLowerInvariant()}", ActivityKind.Internal, parentContext: default,
            tags: [new("millrace.order.id", request.Order.ToString()), new("millrace.psp.attempt", request.Attempt)],
            links: _traces?.Find(request.Order) is { } placed ? [new ActivityLink(placed)] : null)
        : null;

    private static void Describe(Activity span, PaymentOutcome? outcome)
    {
        var (name, error) = PspMetrics.Words(outcome);
        span.SetTag("millrace.psp.outcome", name);
        if (error.Length > 0)
            span.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error);
    }

    private async ValueTask<PaymentOutcome> CallAsync(PaymentRequest request, CancellationToken cancellation)
    {
        var context = ResilienceContextPool.Shared.Get(cancellation);
        try
        {
            var result = await _pipeline.ExecuteOutcomeAsync(
                static (context, call) => call.Client.CallAsync(call.Request, call.Caller, context.CancellationToken),
                context,
                (Client: _client, Request: request, Caller: cancellation));
            // An outcome that is known is given even to a caller who has just canceled.
            if (result.Exception is OperationCanceledException)
                cancellation.ThrowIfCancellationRequested();
            return result.Exception is null ? result.Result.Outcome : NotCalled(result.Exception, request.IdempotencyKey);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private PaymentOutcome.Unknown NotCalled(Exception exception, string key)
    {
        switch (exception)
        {
            case BrokenCircuitException: return new PaymentOutcome.Unknown("breaker_open");
            case RateLimiterRejectedException: return new PaymentOutcome.Unknown("bulkhead_full");
            case TimeoutRejectedException: return new PaymentOutcome.Unknown("timeout");
            default:
                // A fault of ours may have come after the effect as well as before it: unknown, and loud.
                LogFault(_log, key, exception);
                return new PaymentOutcome.Unknown("gateway_fault");
        }
    }

    // Waiting for a turn counts into the time-out and not against the provider: the breaker sits inside of both.
    private static ResiliencePipeline<PspAnswer> BuildPipeline(
        HttpPaymentGatewayOptions options, TimeProvider time, CircuitBreakerStateProvider breaker, ILogger log) =>
        new ResiliencePipelineBuilder<PspAnswer> { TimeProvider = time }
            .AddTimeout(options.TotalTimeout)
            .AddConcurrencyLimiter(options.MaxConcurrentCalls, options.MaxWaitingCalls)
            .AddCircuitBreaker(BreakerOptions(options, breaker, log))
            .Build();

    /// <summary>Opens when half of at least 20 calls in 10 s failed: enough calls not to be chance, soon enough to spare the provider.</summary>
    private static CircuitBreakerStrategyOptions<PspAnswer> BreakerOptions(HttpPaymentGatewayOptions options, CircuitBreakerStateProvider breaker, ILogger log) => new()
    {
        StateProvider = breaker,
        FailureRatio = 0.5,
        MinimumThroughput = 20,
        SamplingDuration = TimeSpan.FromSeconds(10),
        BreakDuration = options.BreakDuration,
        ShouldHandle = static answer => ValueTask.FromResult(answer.Outcome.Result.IsPspFailing),
        OnOpened = _ =>
        {
            LogOpened(log, options.BaseAddress, options.BreakDuration);
            return default;
        },
        OnClosed = _ =>
        {
            LogClosed(log, options.BaseAddress);
            return default;
        },
    };
}
