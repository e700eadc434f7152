using CodeZero.Cli;
using CodeZero.Cli.CommandLine;

return await CzctlApplication.RunAsync(args, Surroundings.OfProcess());
