import { agoText, momentText } from './format.ts';

type Props = {
  /** As the API tells it. */
  readonly time: string;
  /** Shows how long ago it was, where it is given. */
  readonly now?: number;
};

/** A time in the zone of who looks; in UTC, as the API has it, for who points at it. */
export const Moment = ({ time, now }: Props) => (
  <time dateTime={time} title={now === undefined ? time : `${momentText(time)}, ${time}`}>
    {now === undefined ? momentText(time) : agoText(time, now)}
  </time>
);
