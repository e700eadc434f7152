using CodeZero.Hub.Platform.Hosting;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Api;

/// <summary>The Hub, composed of its modules.</summary>
public static class HubApplication
{
    /// <summary>The Hub's services and settings, which is all that the command <c>migrate</c> needs.</summary>
    /// <param name="args">Settings as <c>--Hub:PublicUrl=…</c>.</param>
    /// <param name="configure">What a host that embeds the Hub, such as a test, sets and adds before the Hub does.</param>
    public static WebApplicationBuilder CreateBuilder(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelHttpsConfiguration();
        configure?.Invoke(builder);
        builder.Services.AddPlatform(builder.Configuration);
        foreach (var module in HubModules.All)
            module.Add(builder.Services, builder.Configuration);
        builder.Services.AddOptions<HubOptions>().Validate(hub => hub.Modules.All(HubModules.Exists),
            $"Hub:Modules names a module that there is not. There are: {string.Join(", ", HubModules.All.Select(module => module.Name))}.");
        return builder;
    }

    /// <summary>The Hub ready to start; nothing is read from the database or listened on before that.</summary>
    /// <exception cref="OptionsValidationException">A setting is missing or wrong.</exception>
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        var app = builder.Build();
        app.UsePlatform();
        foreach (var module in HubModules.Served(app.Services.GetRequiredService<IOptions<HubOptions>>().Value.Modules))
            module.Map(app);
        return app;
    }
}
