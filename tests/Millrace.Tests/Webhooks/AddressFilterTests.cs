using System.Net;
using Millrace.Webhooks;
using Millrace.Webhooks.Sending;
using Xunit;

namespace Millrace.Tests.Webhooks;

public sealed class AddressFilterTests
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("10.0.0.1")]
    [InlineData("10.255.255.255")]
    [InlineData("100.64.0.1")]
    [InlineData("100.127.255.255")]
    [InlineData("127.0.0.1")]
    [InlineData("127.9.9.9")]
    [InlineData("169.254.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.0.0.170")]
    [InlineData("192.0.2.1")]
    [InlineData("192.88.99.1")]
    [InlineData("192.168.0.1")]
    [InlineData("198.18.0.1")]
    [InlineData("198.51.100.1")]
    [InlineData("203.0.113.1")]
    [InlineData("224.0.0.1")]
    [InlineData("239.255.255.255")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::127.0.0.1")]
    [InlineData("::8.8.8.8")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::ffff:0:127.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b::10.0.0.1")]
    [InlineData("64:ff9b:1::808:808")]
    [InlineData("100::1")]
    [InlineData("2001::1")]
    [InlineData("2001:0:4136:e378:8000:63bf:3fff:fdd2")]
    [InlineData("2001:db8::1")]
    [InlineData("2002:7f00:1::1")]
    [InlineData("2002:808:808::1")]
    [InlineData("3fff::1")]
    [InlineData("2a00:1450:4001:81b:0:5efe:10.0.0.1")]
    [InlineData("2a00:1450:4001:81b:200:5efe:8.8.8.8")]
    [InlineData("fc00::1")]
    [InlineData("fd12:3456::1")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    public void What_is_not_of_the_public_internet_is_refused(string address) => Assert.False(AddressFilter.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("8.8.8.8")]
    [InlineData("9.255.255.255")]
    [InlineData("11.0.0.0")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("192.167.255.255")]
    [InlineData("192.169.0.0")]
    [InlineData("223.255.255.255")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("64:ff9b::8.8.8.8")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("2a00:1450:4001:81b::200e")]
    public void What_is_of_the_public_internet_is_accepted(string address) => Assert.True(AddressFilter.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("https://shop.example/hooks", null)]
    [InlineData("https://shop.example:8443/hooks?a=b", null)]
    [InlineData("https://8.8.8.8/hooks", null)]
    [InlineData("http://shop.example/hooks", "Only https")]
    [InlineData("ftp://shop.example/", "An https URL")]
    [InlineData("/hooks", "An https URL")]
    [InlineData("shop.example", "An https URL")]
    [InlineData("https://user:secret@shop.example/", "user or a password")]
    [InlineData("https://shop.example/#part", "fragment")]
    [InlineData("https://127.0.0.1/", "public addresses")]
    [InlineData("https://2130706433/", "public addresses")]
    [InlineData("https://0x7f.1/", "public addresses")]
    [InlineData("https://[::1]/", "public addresses")]
    [InlineData("https://[::ffff:10.0.0.1]/", "public addresses")]
    [InlineData("https://localhost/", "public addresses")]
    [InlineData("https://a.LOCALHOST./", "public addresses")]
    public void A_receivers_address_is_judged_before_anything_is_sent_there(string url, string? fault)
    {
        var found = WebhookUrl.FaultOf(url, new WebhookOptions(), out _);
        if (fault is null)
            Assert.Null(found);
        else
            Assert.Contains(fault, found, StringComparison.Ordinal);
    }
}
