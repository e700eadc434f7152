using System.Globalization;
using System.Text.Json;
using CodeZero.Testing;
using Microsoft.Playwright;

namespace CodeZero.Browser.Tests;

/// <summary>
/// Every page at a phone's, a tablet's and a desktop's width, light and dark: it fits, it can be read, it can be used by keyboard and by ear, and the browser has nothing to
/// complain of. A page is loaded once for all that is looked at in it. With <c>CODEZERO_SCREENSHOTS</c> naming a folder, what was looked at is kept there.
/// </summary>
[Collection(BrowserFixture.Sharing.Name)]
public sealed class LookTests(BrowserFixture fixture)
{
    /// <summary>What is wrong with the page, in words; run in the page, with whether it is to be dark.</summary>
    private const string Inspect = """
        dark => {
          const faults = [];
          if (matchMedia('(prefers-color-scheme: dark)').matches !== dark) faults.push('is not asked to be so');
          const shown = element => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
          const name = element => element.tagName.toLowerCase() + (element.id ? '#' + element.id : '') + ' "' + (element.textContent || element.name || '').trim().slice(0, 40) + '"';
          if (document.documentElement.scrollWidth > innerWidth) faults.push(`is ${document.documentElement.scrollWidth} px wide in ${innerWidth}`);
          for (const element of document.querySelectorAll('main *'))
            if (shown(element) && !element.closest('.unseen, svg') && element.getBoundingClientRect().right > innerWidth + 0.5) faults.push(`${name(element)} reaches out of the page`);
          if (!document.documentElement.lang) faults.push('has no language');
          if (!document.title.trim()) faults.push('has no title');
          for (const landmark of ['main', 'header', 'footer', 'h1'])
            if (document.querySelectorAll(landmark).length !== 1) faults.push(`has ${document.querySelectorAll(landmark).length} ${landmark}`);
          for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
            if (shown(field) && !field.labels?.length && !field.ariaLabel) faults.push(`${name(field)} has no label`);
          for (const control of document.querySelectorAll('a, button'))
            if (!control.hidden && !(control.textContent.trim() || control.ariaLabel)) faults.push(`${name(control)} has no name`);
          for (const reference of document.querySelectorAll('[aria-describedby], [aria-labelledby]'))
            for (const id of (reference.getAttribute('aria-describedby') ?? reference.getAttribute('aria-labelledby')).split(' '))
              if (!document.getElementById(id)) faults.push(`${name(reference)} refers to #${id}, which is not there`);
          const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
          for (const id of ids.filter((id, i) => ids.indexOf(id) !== i)) faults.push(`#${id} is there twice`);
          for (const control of document.querySelectorAll('button, .button, input:not([type=hidden], [type=checkbox], [type=radio]), select'))
            if (shown(control) && control.getBoundingClientRect().height < 24) faults.push(`${name(control)} is too low to hit`);
          const paper = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
          const paint = color => { paper.clearRect(0, 0, 1, 1); paper.fillStyle = color; paper.fillRect(0, 0, 1, 1); const [r, g, b, a] = paper.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255]; };
          const painted = new Map(), rgba = color => painted.get(color) ?? painted.set(color, paint(color)).get(color);
          const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
          const ground = element => { const layers = []; for (let e = element; e; e = e.parentElement) { const color = rgba(getComputedStyle(e).backgroundColor); layers.push(color); if (color[3] === 1) break; } return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]); };
          const light = ([r, g, b]) => { const [R, G, B] = [r, g, b].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * R + 0.7152 * G + 0.0722 * B; };
          for (const element of document.querySelectorAll('body *')) {
            if (!shown(element) || element.closest('.unseen, svg, :disabled') || ![...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())) continue;
            const style = getComputedStyle(element), back = ground(element), [a, b] = [light(over(rgba(style.color), back)), light(back)];
            const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), large = parseFloat(style.fontSize) >= 24 || parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700;
            if (contrast < (large ? 3 : 4.5)) faults.push(`${name(element)} has a contrast of ${contrast.toFixed(2)}`);
          }
          return faults;
        }
        """;

    /// <summary>What an organization's owner is shown, below its own address.</summary>
    private static readonly string[] OrganizationPages = ["", "members", "invitations", "domains", "policy", "sso", "keys", "keys/new", "provisioning", "audit"];

    /// <summary>What has the focus now, and whether one sees it.</summary>
    private const string Focused = """
        () => { const element = document.activeElement; return element === document.body ? '' : element.tagName + '|' + (element.id || element.name || element.textContent.trim()) + '|' + [...document.querySelectorAll('*')].indexOf(element) + '|' + (getComputedStyle(element).outlineStyle !== 'none'); }
        """;

    [Theory]
    [InlineData(360, false)]
    [InlineData(768, false)]
    [InlineData(1440, true)]
    public async Task Every_page_fits_can_be_read_and_where_there_is_a_keyboard_be_used_by_it(int width, bool keyboard)
    {
        var faults = new List<string>();
        await foreach (var (page, visitor) in PagesAsync(width))
        {
            foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await visitor.Page.EmulateMediaAsync(new() { ColorScheme = scheme });
                faults.AddRange((await visitor.Page.EvaluateAsync<string[]>(Inspect, scheme == ColorScheme.Dark)).Select(fault => $"{page}, {scheme}: {fault}"));
                await KeepAsync(visitor, page, width, scheme);
            }
            if (keyboard)
                faults.AddRange((await TabThroughAsync(visitor.Page)).Select(fault => $"{page}: {fault}"));
        }
        Assert.Empty(faults);
    }

    [Fact]
    public async Task What_went_wrong_has_the_focus_and_is_read_out()
    {
        await using var visitor = await fixture.OpenAsync();
        await visitor.GoAsync("/signin");
        await visitor.FillAsync("E-mail address", "nobody@example.com");
        await visitor.FillAsync("Password", "a-wrong-password");
        await visitor.PressAsync("Sign in");

        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Alert).First).ToBeFocusedAsync();
    }

    /// <summary>What is wrong with the page for somebody who has the Tab key and no mouse.</summary>
    private static async Task<IReadOnlyList<string>> TabThroughAsync(IPage page)
    {
        var faults = new List<string>();
        var controls = await page.EvaluateAsync<int>("() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select')].filter(e => e.checkVisibility() && !e.disabled).length");
        await page.EvaluateAsync("() => document.activeElement?.blur()");
        var reached = new List<string>();
        for (var i = 0; i < controls + 2; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateAsync<string>(Focused) is { Length: > 0 } focused)
                reached.Add(focused);
        }
        if (reached.Distinct().Count() < controls)
            faults.Add($"{reached.Distinct().Count()} of {controls} controls are reached: {string.Join(", ", reached)}");
        faults.AddRange(reached.Where(focused => focused.EndsWith("|false", StringComparison.Ordinal)).Select(focused => $"nobody sees the focus on {focused}"));
        return faults;
    }

    /// <summary>Each page, open in a browser that got there as a person does.</summary>
    private async IAsyncEnumerable<(string Page, Visitor Visitor)> PagesAsync(int width)
    {
        using var person = await TestPerson.SignUpAsync(fixture.Hub, "Northwind Trading & Co");
        await using var visitor = await fixture.OpenAsync(width);
        foreach (var address in new[] { "/signin", "/signup", "/connect/authorize", "/nothing-here" })
            yield return (await OpenAsync(visitor, address), visitor);

        await visitor.GoAsync("/signin");
        await visitor.FillAsync("E-mail address", "nobody@example.com");
        await visitor.FillAsync("Password", "a-wrong-password");
        await visitor.PressAsync("Sign in");
        await visitor.Page.GetByRole(AriaRole.Alert).First.WaitForAsync();
        yield return ("/signin refused", visitor);

        await visitor.AddAuthenticatorAsync();
        await visitor.FillAsync("E-mail address", person.Email);
        await visitor.FillAsync("Password", TestPerson.Password);
        await visitor.PressAsync("Sign in");
        await visitor.ArriveAsync("/");
        yield return ("/", visitor);
        yield return (await OpenAsync(visitor, "/connect/authorize?client_id=demo&redirect_uri=https%3A%2F%2Fdemo.example%2Fcallback&response_type=code&scope=openid%20hub%20offline_access&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"), visitor);

        foreach (var address in new[] { "/account/security/passkeys/new", "/account", "/account/security", "/account/sessions", "/account/applications", "/account/tokens", "/account/tokens/new", "/account/data", "/account/data/delete", "/account/data/deleted", "/signout", "/device" })
            yield return (await OpenAsync(visitor, address), visitor);
        await visitor.FillAsync("Code", "WDJB-MJHT");
        await visitor.PressAsync("Go on");
        await visitor.Page.GetByRole(AriaRole.Alert).First.WaitForAsync();
        yield return ("/device refused", visitor);
        await visitor.GoAsync($"/device?user_code={await fixture.BeginDeviceAsync()}");
        await visitor.PressAsync("Go on");
        await visitor.ArriveAsync("/device/confirm");
        yield return ("/device/confirm", visitor);
        await visitor.PressAsync("Allow");
        await visitor.Page.GetByRole(AriaRole.Heading, new() { Name = "The device is connected" }).WaitForAsync();
        yield return ("/device/confirm allowed", visitor);
        await visitor.GoAsync("/account/security/passkeys/new");
        await visitor.FillAsync("Name", "The blue security key that hangs at my door");
        await visitor.PressAsync("Add a passkey");
        await visitor.ArriveAsync("/account/security");
        yield return ("/account/security with a passkey", visitor);
        yield return (await OpenAsync(visitor, "/reauthenticate?returnUrl=/account"), visitor);
        await visitor.GoAsync("/account/security");
        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = "Change The blue security key" }).ClickAsync();
        await visitor.ArriveAsync("/account/security/passkeys/edit");
        yield return ("/account/security/passkeys/edit", visitor);
        foreach (var page in OrganizationPages)
        {
            await visitor.GoAsync($"/organizations/{person.Slug}/{page}");
            yield return ($"/organizations/{page}", visitor);
        }
        Assert.Empty(visitor.Complaints);
    }

    private static async Task<string> OpenAsync(Visitor visitor, string address)
    {
        await visitor.GoAsync(address);
        return visitor.Path;
    }

    private static async Task KeepAsync(Visitor visitor, string page, int width, ColorScheme scheme)
    {
        if (Environment.GetEnvironmentVariable("CODEZERO_SCREENSHOTS") is { Length: > 0 } folder)
            await visitor.Page.ScreenshotAsync(new()
            {
                Path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{JsonNamingPolicy.KebabCaseLower.ConvertName(page.Trim('/').Replace('/', '-').Replace(' ', '-') is { Length: > 0 } name ? name : "start")}-{width}-{(scheme == ColorScheme.Dark ? "dark" : "light")}.png")),
                FullPage = true,
            });
    }
}
