import { RE2JS } from 're2js';
const F = RE2JS.MULTILINE|RE2JS.DOTALL;
const rnd = (n)=>{let s='';let x=12345;while(s.length<n){x=(x*1103515245+12345)&0x7fffffff; s+=String.fromCharCode(97+(x>>16)%2)}return s};
const texts = { ab: rnd(16384), a:'a'.repeat(16384), dots:'.'.repeat(16384), lines: ('cc -O2 -pipe -c /usr/src/lib/libc/foo/bar.c -o bar.o\r\n').repeat(300) };
const pats = ['(a|b)*a(a|b){15}$x', '(a|b)*a(a|b){15}[x]', '[ab]*a[ab]{60}[xy]', '[ab]{0,200}[xy]', '(?:a?){500}[xy]','(?:[ab]?){500}[xy]', '[ab]*a[ab]{800}[xy]', '.*.*.*.*.*=[xy]','(.*)(.*)(.*)[xy]','(a+)+[?]','(?:(?:a?){30}){30}[xy]','[$#] $', '\\w+\\s+\\w+[xy]z?[01]', '(x?a?){500}[yz]', '(?:.?.?.?){300}[yz]','\\pL{300}[^ab]','(?:\\pL?){300}[xy]','(?i)[a-z]{300}[0-9]','\\b\\w{0,300}\\b[!?]'];
for (const p of pats) {
  let q; const c0=performance.now(); try { q = RE2JS.compile(p, F);} catch(e){console.log(p, e.message); continue;}
  const c = performance.now()-c0;
  for (const [k,t] of Object.entries(texts)) {
    const m=(f)=>{const s=performance.now(); const r=f(); return [(performance.now()-s).toFixed(1), r].join(' ')};
    console.log(p.padEnd(30), 'size', q.programSize(), 'compile', c.toFixed(2), k.padEnd(6), 'test', m(()=>q.test(t)), '| again', m(()=>q.test(t)), '| find', m(()=>q.matcher(t).find()), '| again',  m(()=>q.matcher(t).find()));
  }
}
