import { systemClock } from '../base/clock.ts';
import { checkConfig, readConfig, type Config } from '../config/config.ts';
import { movedWords } from '../config/moved-keys.ts';
import { checkDescriptors, descriptorLimit } from '../base/descriptors.ts';
import type { Logger } from '../base/logger.ts';
import { version } from '../base/package.ts';
import type { Daemon } from '../wiring/daemon.ts';
import { keepCompiled, removeCompiled } from './compiled.ts';
import { collectGarbage } from './garbage.ts';

/** Reads the configuration again on SIGHUP; one that is wrong changes nothing. */
const reloadOnHangup = (daemon: Daemon, file: string, logger: Logger): void => {
  process.on('SIGHUP', () => {
    readConfig(file)
      .then(async (next) => {
        await checkConfig(next, file);
        daemon.reload(next);
        logger.info({ file }, 'read the configuration again');
      })
      .catch((error: unknown) => logger.error({ err: error }, 'the configuration stays as it was'));
  });
};

/** SIGTERM and SIGINT stop the daemon; told again, it ends the machines as well that it was to let run. */
const stopOnSignals = (daemon: Daemon, config: Config, logger: Logger, crash: (error: unknown) => void): void => {
  const ways = config.upgrade.keep_running ? (['lets machines run', 'ends all'] as const) : (['ends all'] as const);
  let asked = 0;
  const stop = (signal: NodeJS.Signals) => {
    const how = ways[asked];
    if (how === undefined) return logger.info({ signal }, 'still stopping');
    const mine = ++asked;
    logger.info(
      { signal },
      `stopping: running builds go ${how === 'ends all' ? 'back to the queue' : 'on in the next daemon'}`,
    );
    daemon.stop(how).then(
      () => {
        // Asked again meanwhile, it is the last that ends it.
        if (mine !== asked) return;
        logger.info('stopped');
        process.exit(0);
      },
      (error: unknown) => crash(error),
    );
  };
  // Not `once`: a listener that has removed itself is not counted, and execa's (signal-exit) would end the process by
  // the same signal again, in the middle of draining, whenever a program runs.
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
};

/** Runs the daemon in the foreground until SIGTERM or SIGINT; `checkOnly` prints the configuration and ends. */
export const serve = async ({
  file,
  checkOnly,
}: {
  readonly file: string;
  readonly checkOnly: boolean;
}): Promise<void> => {
  const config = await readConfig(file);
  await checkConfig(config, file);
  if (checkOnly) {
    const { moved, ...meant } = config;
    for (const key of moved) process.stderr.write(`${file}: ${movedWords(key)}\n`);
    process.stdout.write(`${JSON.stringify(meant, null, 2)}\n`);
    return;
  }
  const descriptors = descriptorLimit();
  checkDescriptors(config, descriptors);
  keepCompiled(config.data_dir);
  // Only now: where few files may be open, the daemon's modules would not load, and the log would not say why.
  const [{ startDaemon }, { systemIds }, { makeLogger }] = await Promise.all([
    import('../wiring/daemon.ts'),
    import('../base/ids.ts'),
    import('../base/logger.ts'),
  ]);
  const logger = await makeLogger(config.log_level);
  for (const key of config.moved) logger.warn({ file }, movedWords(key));
  const crash = (error: unknown) => {
    logger.fatal({ err: error }, 'imaged has a defect and ends; the next start goes on where this one was');
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);

  const daemon = await startDaemon(config, { clock: systemClock, ids: systemIds, logger, descriptors });
  reloadOnHangup(daemon, file, logger);
  stopOnSignals(daemon, config, logger, crash);
  logger.info(
    { address: daemon.address, version, workers: config.workers, data_dir: config.data_dir },
    'imaged is ready',
  );
  await daemon.settled;
  await removeCompiled(config.data_dir).catch((error: unknown) => {
    logger.warn({ err: error }, 'what another version of imaged has compiled could not be removed from data_dir');
  });
  await collectGarbage();
};
