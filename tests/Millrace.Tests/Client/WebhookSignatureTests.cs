using System.Text;
using Microsoft.Extensions.Time.Testing;
using Millrace.Client.Webhooks;
using Xunit;
using Sent = Millrace.Webhooks.Sending.WebhookSignature;

namespace Millrace.Tests.Client;

/// <summary>The receiver's half, held to the sender's, to which the client has no reference.</summary>
public sealed class WebhookSignatureTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    private const string Id = "17:4211:0";
    private const long At = 1_700_000_000;
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"id":"17:4211:0","ä":1}""");
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(At));

    [Fact]
    public void What_was_sent_is_verified() => Assert.True(WebhookSignature.Verify(Secret, Id, $"{At}", Sign(Secret), Body, _time));

    // The example of the specification's own libraries.
    [Fact]
    public void So_is_what_others_send()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(1_614_265_330));
        Assert.True(WebhookSignature.Verify(
            Secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", Encoding.UTF8.GetBytes("""{"test": 2432232314}"""), time));
    }

    [Fact]
    public void While_the_secret_is_rotated_either_is_good()
    {
        var both = Sent.Of(Id, At, Body, [Key(Other), Key(Secret)]);
        Assert.True(WebhookSignature.Verify(Secret, Id, $"{At}", both, Body, _time));
        Assert.True(WebhookSignature.Verify(Other, Id, $"{At}", both, Body, _time));
        Assert.True(WebhookSignature.Verify(Secret, Id, $"{At}", "v1a,of-another-scheme " + both, Body, _time));
    }

    [Fact]
    public void Whatever_was_changed_is_refused()
    {
        var signature = Sign(Secret);
        Assert.False(WebhookSignature.Verify(Other, Id, $"{At}", signature, Body, _time));
        Assert.False(WebhookSignature.Verify(Secret, "17:4211:1", $"{At}", signature, Body, _time));
        Assert.False(WebhookSignature.Verify(Secret, Id, $"{At + 1}", signature, Body, _time));
        Assert.False(WebhookSignature.Verify(Secret, Id, $"{At}", signature, Body.AsSpan(1), _time));
        foreach (var bad in new[] { null, "", " ", "v1,", "v1", signature[..^1], signature.ToLowerInvariant(), "v2" + signature[2..], signature + "A" })
            Assert.False(WebhookSignature.Verify(Secret, Id, $"{At}", bad, Body, _time), bad);
        foreach (var bad in new[] { null, "", "now", "-1", " 1700000000", "1e9", "99999999999999999999", $"{long.MaxValue}" })
            Assert.False(WebhookSignature.Verify(Secret, Id, bad, signature, Body, _time), bad);
        Assert.False(WebhookSignature.Verify(Secret, null, $"{At}", signature, Body, _time));
    }

    [Theory]
    [InlineData(-301, false)]
    [InlineData(-300, true)]
    [InlineData(300, true)]
    [InlineData(301, false)]
    public void What_is_older_or_newer_than_five_minutes_is_refused(int seconds, bool isGood)
    {
        _time.SetUtcNow(DateTimeOffset.FromUnixTimeSeconds(At).AddSeconds(1_000));
        var at = At + 1_000 + seconds;
        Assert.Equal(isGood, WebhookSignature.Verify(Secret, Id, $"{at}", Sent.Of(Id, at, Body, [Key(Secret)]), Body, _time));
    }

    [Theory]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_***")]
    public void A_secret_that_is_none_is_the_receivers_own_mistake(string secret) =>
        Assert.Throws<FormatException>(() => WebhookSignature.Verify(secret, Id, $"{At}", Sign(Secret), Body, _time));

    private static string Sign(string secret) => Sent.Of(Id, At, Body, [Key(secret)]);

    private static byte[] Key(string secret) => Convert.FromBase64String(secret["whsec_".Length..]);
}
