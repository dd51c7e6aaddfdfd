using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;

namespace Millrace.OperatorConsole.Sessions;

/// <summary>
/// The API key of a signed-in operator, encrypted, in a cookie that no script and no other site can use. What forms carry beside it is derived from it,
/// so a form of another session, or of another site, changes nothing.
/// </summary>
internal sealed class SessionCookie(IDataProtectionProvider protection, ConsoleOptions options)
{
    private const string Name = "millrace_session";
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);
    private readonly ITimeLimitedDataProtector _keys = protection.CreateProtector("Millrace.OperatorConsole.Session").ToTimeLimitedDataProtector();
    private readonly IDataProtector _notices = protection.CreateProtector("Millrace.OperatorConsole.Notice");
    private readonly IDataProtector _forms = protection.CreateProtector("Millrace.OperatorConsole.Form");

    public void Write(HttpContext http, string apiKey) => http.Response.Cookies.Append(Name, _keys.Protect(apiKey, Lifetime), Attributes(http));

    public void Delete(HttpContext http) => http.Response.Cookies.Delete(Name, Attributes(http));

    /// <returns>Null for nobody, or for a session that has ended.</returns>
    public string? Read(HttpContext http) => http.Request.Cookies[Name] is { } cookie ? Unprotect(_keys, cookie) : null;

    /// <summary>For the forms of a page.</summary>
    public string FormToken(string apiKey) => _forms.Protect(Digest(apiKey));

    public bool IsFormToken(string? token, string apiKey) =>
        token is not null && Unprotect(_forms, token) is { } digest
        && CryptographicOperations.FixedTimeEquals(Convert.FromHexString(digest), Convert.FromHexString(Digest(apiKey)));

    /// <summary>Shows that the words are the console's own.</summary>
    public string Seal(string words) => _notices.Protect(Digest(words));

    public bool IsSealed(string words, string? seal) => seal is not null && Unprotect(_notices, seal) == Digest(words);

    private static string Digest(string text) => Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));

    private static string? Unprotect(IDataProtector protector, string text)
    {
        try
        {
            return protector.Unprotect(text);
        }
        catch (CryptographicException)
        {
            // Changed on the way, too old, or of a process whose keys are gone.
            return null;
        }
    }

    private CookieOptions Attributes(HttpContext http) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = http.Request.IsHttps || options.IsTlsInFront,
        Path = "/",
        IsEssential = true,
    };
}
