using CodeZero.Hub.Api;

return await HubCommands.RunAsync(args, Console.Out, Console.Error);
